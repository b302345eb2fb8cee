"""What a buyer's phone sees: catalogue, order, claim, papers, and the same as data."""
