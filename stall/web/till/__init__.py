"""The till: what the maker and staff see on their phone or tablet, on this machine only."""
