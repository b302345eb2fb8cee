"""The other end: its own small app with its own store. Imports only wire and domain of ours."""
