"""Stand between a program and its files: count, slow down, record, make fail. The library itself is disk.c."""
