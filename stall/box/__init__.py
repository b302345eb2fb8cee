"""The machine itself: names on the network, service notifications, health."""
