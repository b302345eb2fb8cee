"""The network a box makes on the appliance: its LAN raised and lowered, its radio's channel, the way out for probes, who is on the Wi-Fi.

`lan`, `radio` and `way_out` change the machine and run as root, for a moment each; `uplink`, `stations` and `watch` only look, as the
user of the stall, and tell the other processes by a notice. What is decided is pure: `scan`, `leases`.
"""
