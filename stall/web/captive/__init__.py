"""What a phone meets when it has joined the stall's Wi-Fi and asks whether that leads to the internet. See docs/captive.md.

`probes` says what is asked, `policy` what is answered (both pure), `clients` who was told what, `portal` puts them in front of
the buyers' app, `pages` is what an Apple device shows.
"""
