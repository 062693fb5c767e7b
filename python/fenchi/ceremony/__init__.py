"""The key ceremony: key shares and the recovery card on paper, in files, and back again.

    share_page, lines    a share in two parts, and bytes as lines that a person can type
    share_file, card_file    the text files; sheet, pdf, html: printed pages; qr: their codes
    handing    each custodian in turn gets a share and confirms it
    collecting, typed_page, checking    shares come back, and what each is worth
    card    what a clean machine has to know

    hand_out = handing.Handing(conversation.Terminal(), handing.Handover(...))
    vault.rotate(CustodyPlan(open="3 of board", custodians=..., deliver=hand_out))

PDF, QR codes and scans need `pip install 'fenchi[ceremony]'`; text files and typed lines do not.
"""
