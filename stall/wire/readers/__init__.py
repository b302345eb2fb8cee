"""Card terminal protocols as pure codecs: bytes in, events out. Opens no port."""
