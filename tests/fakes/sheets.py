"""Sheets as a stall makes them, for drawing: one certificate and one receipt, changed by the test that takes them."""

from __future__ import annotations

from stall.domain.papersheet import CertificateSheet, Code, Inside, ReceiptSheet, Row

KEY = "ZFQ8 GCWS EGX8 P2WF VJBB 4GGJ C8AG 1QKZ"
HOLDS = "http://10.42.0.1/c/986234bb65cb4220b90d021f96dfcc14#BVtzY1XPISpFA6yCNAkF4gX4zBMS7GKIG8BAU62aDXk"
AT_S = 1_795_219_200

CERTIFICATE = CertificateSheet(
    lang="en",
    at_s=AT_S,
    inside=Inside("certificate.json", "application/json", '{\n  "credentialSubject": {"drop": "größe"}\n}'),
    digest="2c65ec4ac3ff37b6" * 4,
    called="2c65 ec4a c3ff 37b6",
    kind="Certificate of ownership",
    title="Harbour Prints",
    no="No.",
    number="7",
    of="of 50",
    mark="part",
    tone="good",
    head="Valid, not final yet",
    why=("So far this stall alone vouches for it.", "As of 21 Nov 2026."),
    proves="It proves that number 7 of 50 of “Harbour Prints” was sold at this stall in its creator’s name.",
    facts=(("Licence", "For private use"), ("Issued", "21 Nov 2026, 14:05 CET"), ("Stall", "Salt & Paper, Old Quay"), ("Payment", "made")),
    key=("Creator’s key", KEY),
    check="How to check it",
    checks=("Give this file to verify.html.", "What is checked is the signed document inside this file."),
    code=Code(HOLDS, "Opens this page on the stall’s Wi-Fi."),
    signed="The signed facts",
    signed_facts=(("Certificate", "urn:uuid:986234bb-65cb-4220-b90d-021f96dfcc14"),),
    foot="The signed document travels inside this PDF.",
    no_font="Some signs of a name are in no font of this stall; … stands for them.",
)  # fmt: skip

RECEIPT = ReceiptSheet(
    lang="en",
    at_s=AT_S,
    inside=Inside("receipt.jws", "application/jose", "eyJh.eyJi.c2ln"),
    kind="Receipt",
    stall="Salt & Paper",
    seller=("Schiffsgasse 7, 20457 Hamburg", "VAT DE123456789"),
    when="21 Nov 2026, 14:05 CET · Sale 12",
    notes=(),
    columns=("Item", "Amount"),
    rows=(Row("Harbour Prints", (), "€4.50", "No. 7"), Row("Postcard × 2", ("€2.40, €0.40 off",), "€2.00")),
    sums=(("Tip", "€0.50"),),
    total=("Total", "€7.00"),
    tenders=(("Card", "€7.00"),),
    vat_head="VAT included",
    vat=(("Rate", "Net", "VAT", "Gross"), ("19%", "€3.78", "€0.72", "€4.50"), ("7%", "€1.87", "€0.13", "€2.00")),
    code=Code(HOLDS.replace("/c/", "/r/"), "Opens this page on the stall’s Wi-Fi."),
    check="How to check it",
    checks=("Give this file to verify.html.",),
    signed="Signed by this box",
    signed_facts=(("Box", "QySQ2phe7HsZ59htz1yxtd1XdTXitke8hRYWKy3dRh0"),),
    page="Page {page} of {pages}",
    foot="The signed document travels inside this PDF.",
    no_font="Some signs of a name are in no font of this stall; … stands for them.",
)
