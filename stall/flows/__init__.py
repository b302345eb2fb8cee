"""What happens: one function is one use case in one transaction. Talks to no port and no network."""
