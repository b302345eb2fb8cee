"""What stands in a file beside what it shows: facts for its maker, and where it was made, which is taken out in place."""
