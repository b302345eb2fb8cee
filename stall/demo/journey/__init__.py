"""The whole journey as a check: a phone, a till and a bookkeeper that use only what the public does."""
