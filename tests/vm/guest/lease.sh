#!/bin/sh
# In the virtual machine: dhclient calls this for a phone, with no variables but its own; it sets the address and notes what came with it.
PHONE=/run/phones/phone${interface#wlan}
case $reason in
    PREINIT) ip link set "$interface" up ;;
    BOUND | RENEW | REBIND | REBOOT)
        ip addr replace "$new_ip_address/24" dev "$interface"
        [ -z "$new_routers" ] || ip route replace default via "$new_routers" dev "$interface"
        env | grep '^new_' >"$PHONE/lease.draft"
        mv "$PHONE/lease.draft" "$PHONE/lease.env" ;;
esac
exit 0
