"""Tokens: devices that hold a recipient's secret key and never give it out."""

from __future__ import annotations

TEXTS = {
    # the PIN
    "token.ask_pin": ("PIN of the token '{token}'", "硬體金鑰裝置「{token}」的 PIN 碼"),
    "token.pin_pad": (
        "Type the PIN on the keys of the token '{token}' itself.",
        "請在硬體金鑰裝置「{token}」本身的按鍵上輸入 PIN 碼。",
    ),
    "token.last_try": (
        "the token '{token}' says that one more wrong PIN locks it",
        "硬體金鑰裝置「{token}」表示：再輸入錯誤一次 PIN 碼就會鎖住",
    ),
    "token.wrong_before": (
        "the token '{token}' says that a wrong PIN was given since the last right one",
        "硬體金鑰裝置「{token}」表示：上次成功之後，曾有人輸入錯誤的 PIN 碼",
    ),
    "token.pin_empty": ("the PIN in {path} is empty", "{path} 中的 PIN 碼是空的"),
    "token.no_terminal": (
        "the token '{token}' needs its PIN, and there is no terminal to ask for it",
        "硬體金鑰裝置「{token}」需要 PIN 碼，但沒有終端機可以詢問",
    ),
    "token.no_terminal_hint": (
        "write ?pin-source=file:/path into the URI, with a file that only you can read",
        "請在 URI 中寫 ?pin-source=file:/路徑，並使用只有您能讀取的檔案",
    ),
    "usage.name": (
        "{value!r} cannot be a name in an access expression",
        "{value!r} 不能當作開啟條件中的名稱",
    ),
    # what is shown
    "key.token": (
        "The key is in {token}, which keeps it. Public key, for vault.toml:\n\n{lines}\n\n"
        "Without this token, or another with the same key, nothing that is sealed to it opens.",
        "金鑰在硬體金鑰裝置之中，不會離開：{token}。公鑰（寫入 vault.toml）：\n\n{lines}\n\n"
        "沒有這個裝置（或存有同一把金鑰的另一個裝置），封存給它的一切都打不開。",
    ),
    "key.token_made": ("A key pair was made on the token.", "已在硬體金鑰裝置上產生一對金鑰。"),
    "access.token": (
        "whoever can use the token of '{name}'",
        "能使用「{name}」之硬體金鑰裝置的人",
    ),
    "access.token_key": (
        "The token of '{name}' has the key {key}.",
        "「{name}」之硬體金鑰裝置的公鑰是 {key}。",
    ),
    # help
    "metavar.uri": ("URI", "裝置位址"),
    "metavar.name": ("NAME", "名稱"),
    "help.fenchi.token": (
        "A token that holds a recipient's secret key: a PKCS#11 URI. Never write a PIN into it.",
        "存有受託人私鑰的硬體金鑰裝置：PKCS#11 URI。切勿把 PIN 碼寫在裡面。",
    ),
    "help.key.token": (
        "Try a token, and show the public key in it for vault.toml; or make a key on it.\n\n"
        "The PIN is asked for, or read from the file that the URI's pin-source names; it is tried "
        "once.",
        "測試硬體金鑰裝置，並顯示其公鑰，供寫入 vault.toml；也可在裝置上產生金鑰。\n\n"
        "PIN 碼在畫面上詢問，或從 URI 的 pin-source 所指的檔案讀取；只試一次。",
    ),
    "help.key.token.uri": (
        "Which token and key: pkcs11:token=...;object=...?module-path=/usr/lib/...",
        "哪一個裝置、哪一把金鑰：pkcs11:token=...;object=...?module-path=/usr/lib/...",
    ),
    "help.key.token.make": (
        "Make a P-256 key pair with this label on the token. It cannot be read out.",
        "在裝置上以這個標籤產生一對 P-256 金鑰。私鑰無法讀出。",
    ),
    "help.key.token.name": (
        "The recipient's name in vault.toml. Otherwise the label, where it can be a name.",
        "受託人在 vault.toml 中的名稱。未指定時使用標籤（須能當作名稱）。",
    ),
    "example.key.token": (
        "Make a key on an HSM, for a recipient of vault.toml:\n"
        "  fenchi key token 'pkcs11:token=vault?module-path=/usr/lib/softhsm/libsofthsm2.so' "
        "--make hsm\n"
        "Show the public key of one that is there:\n"
        "  fenchi key token 'pkcs11:token=vault;object=hsm?module-path=/usr/lib/softhsm/"
        "libsofthsm2.so'",
        "在硬體金鑰裝置上產生金鑰，作為 vault.toml 的受託人：\n"
        "  fenchi key token 'pkcs11:token=vault?module-path=/usr/lib/softhsm/libsofthsm2.so' "
        "--make hsm\n"
        "顯示裝置上既有金鑰的公鑰：\n"
        "  fenchi key token 'pkcs11:token=vault;object=hsm?module-path=/usr/lib/softhsm/"
        "libsofthsm2.so'",
    ),
}
