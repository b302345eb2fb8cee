"""The other end of a French terminal's cable: Concert E+, with the same books, panel and scripts as the other one."""
