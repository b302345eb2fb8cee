"""ZVT terminals (DE, AT, CH): link layer, dialogue and the blocking calls of the worker."""
