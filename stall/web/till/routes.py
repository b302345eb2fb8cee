"""Which right each route of the till needs, all of them in one place. A route that stands nowhere here is refused to everybody.

Add yours when you add a view: the endpoint is blueprint, dot, function.
"""

from __future__ import annotations

from stall.domain.rights import Right

RIGHTS: dict[str, Right] = {
    # what everybody may ask for, signed in or not
    "static": Right.ENTER,
    "till_sign_in.page": Right.ENTER,
    "till_sign_in.enter": Right.ENTER,
    "till_sign_in.locked": Right.ENTER,
    "till_sign_in.unlock": Right.ENTER,
    "till_sign_in.leave": Right.ENTER,
    "till_enrol.page": Right.ENTER,
    "till_enrol.take": Right.ENTER,
    # how the stall stands, and one's own screen
    "state": Right.SIGNED,
    "cover": Right.SIGNED,
    "till_sign_in.lock": Right.SIGNED,
    "till_screen.more": Right.SIGNED,
    "till_screen.choose": Right.SIGNED,
    "till_witness.exchange": Right.SIGNED,
    "till_wifi.page": Right.SIGNED,
    # selling
    "till_sell.tiles": Right.SELL,
    "till_sell.begin": Right.SELL,
    "till_sell.find": Right.SELL,
    "till_sell.price": Right.SELL,
    "till_last.page": Right.SELL,
    "till_amend.change": Right.SELL,
    "till_amend.line": Right.SELL,
    "till_amend.quantity": Right.SELL,
    "till_amend.discount": Right.SELL,
    "till_amend.tip": Right.SELL,
    "till_amend.park": Right.SELL,
    "till_pay.sale": Right.SELL,
    "till_pay.state": Right.SELL,
    "till_pay.card": Right.SELL,
    "till_pay.cash": Right.SELL,
    "till_pay.voucher": Right.SELL,
    "till_pay.hold": Right.SELL,
    "till_pay.step": Right.SELL,
    "till_pay.confirm": Right.SELL,
    "till_pay.comp": Right.SELL,  # and the PIN of somebody who may give it free
    "till_pay.stop_card": Right.SELL,
    "till_pay.decide": Right.SELL,  # and the PIN of somebody who may decide
    "till_pay.drop": Right.SELL,
    "till_owner.draw": Right.SELL,
    "till_owner.paper": Right.SELL,
    "till_owner.kept": Right.SELL,
    "till_owner.done": Right.SELL,
    "till_print.receipt": Right.SELL,
    "till_print.printer": Right.SELL,
    "till_print.test": Right.SELL,
    "till_print.drawer": Right.DRAWER,
    "till_print.z_report": Right.READ_DAY,
    # giving back
    "till_back.ask": Right.GIVE_BACK,
    "till_back.give": Right.GIVE_BACK,
    "till_return.choose": Right.GIVE_BACK,
    "till_return.give": Right.GIVE_BACK,  # and the PIN of somebody who may take back what was opened
    "till_return.hand_out": Right.GIVE_BACK,
    "till_owed.listed": Right.GIVE_BACK,
    # the day
    "till_day.close": Right.READ_DAY,
    "till_today.everything": Right.READ_DAY,
    "till_today.note_seen": Right.READ_DAY,
    "till_today.end_seen": Right.READ_DAY,
    "till_today.slip_says": Right.READ_DAY,  # and the PIN of somebody who may decide
    "till_today.closed_nothing": Right.READ_DAY,  # the same
    "till_risk.listed": Right.SIGNED,
    "till_risk.settled": Right.SIGNED,  # and the PIN of somebody who may decide
    "till_risk.refused": Right.SIGNED,  # the same
    "till_day.end": Right.TERMINAL,
    "till_day.check": Right.TERMINAL,
    "till_day.slip": Right.TERMINAL,
    # one's own PIN, and who does what
    "till_people.own": Right.SIGNED,
    "till_people.set_own": Right.SIGNED,
    "till_people.page": Right.PEOPLE,
    "till_people.add": Right.PEOPLE,
    "till_people.change": Right.PEOPLE,
    "till_devices.page": Right.DEVICES,
    "till_devices.code": Right.DEVICES,
    "till_devices.change": Right.DEVICES,
    "till_trail.page": Right.TRAIL,
    # the drawer and the shift
    "till_shift.page": Right.SHIFT,
    "till_shift.put_float": Right.SHIFT,
    "till_shift.move": Right.DRAWER,
    "till_shift.count_page": Right.SHIFT,
    "till_shift.count": Right.SHIFT,
    "till_shift.close_page": Right.SHIFT,
    "till_shift.close": Right.SHIFT,  # and, over unfinished payments, the PIN of somebody who may decide
    "till_shift.terminal": Right.TERMINAL,
    # the reports of shifts
    "till_reports.listed": Right.READ_DAY,
    "till_reports.report": Right.READ_DAY,
    "till_reports.printed": Right.READ_DAY,
    "till_reports.as_pdf": Right.EXPORT,
    "till_reports.as_csv": Right.EXPORT,
    "till_reports.as_json": Right.EXPORT,
    "till_reports.receipts": Right.EXPORT,
    # the maker's
    "till_day.drops": Right.DROPS,
    "till_day.switch": Right.DROPS,
    "till_products.every": Right.PRODUCTS,
    "till_products.move": Right.PRODUCTS,
    "till_products.switch": Right.PRODUCTS,
    "till_products.new": Right.PRODUCTS,
    "till_products.add": Right.PRODUCTS,
    "till_products.one": Right.PRODUCTS,
    "till_products.change": Right.PRODUCTS,
    "till_products.count": Right.PRODUCTS,
    "till_products.take_picture": Right.PRODUCTS,
    "till_machine.page": Right.SIGNED,
    "till_machine.ask": Right.POWER,
    "till_machine.switch": Right.POWER,
    "till_day.clock": Right.SIGNED,
    "till_day.confirm": Right.SIGNED,  # and the PIN of somebody who may set the clock
}

#: What a page's script asks for by itself: nobody has touched anything.
BY_ITSELF = frozenset({"static", "state", "cover", "till_pay.state", "till_witness.exchange"})

#: What a client without an enrolled device may ask for over TLS.
NOT_ENROLLED = frozenset({"static", "till_enrol.page", "till_enrol.take"})

#: What can be done while the screen is locked.
WHILE_LOCKED = frozenset(
    {
        "static",
        "till_sign_in.page",
        "till_sign_in.enter",
        "till_sign_in.locked",
        "till_sign_in.unlock",
        "till_sign_in.leave",
    }
)
