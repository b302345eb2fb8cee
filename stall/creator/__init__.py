"""The laptop side: keys, packs, delegations and leases. Never runs on the box."""
