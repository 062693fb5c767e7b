"""A sheet as one HTML file that needs nothing else: for browsers, where no PDF can be made."""

from __future__ import annotations

from html import escape

from fenchi.ceremony import qr
from fenchi.ceremony.sheet import Block, Row, Section, Sheet, Words

_STYLE = """
@page { size: A4; margin: 12mm }
body { font: 10pt/1.4 "Noto Sans TC", "Microsoft JhengHei", "PingFang TC", "Heiti TC", sans-serif;
  max-width: 186mm; margin: 0 auto; color: #000; background: #fff }
h1 { font-size: 20pt; margin: 0; border-bottom: 1.5pt solid #000; display: flex }
h1 span { margin-left: 4mm; font-size: 14pt; align-self: center }
h1 b { margin-left: auto }
p.sub { margin: 1mm 0 }
div.top { display: flex; gap: 5mm }
div.top svg { width: 70mm; height: 70mm; flex: none }
table { border-collapse: collapse; flex: 1 }
td { vertical-align: top; padding: .6mm 2mm .6mm 0; overflow-wrap: anywhere }
td small { display: block }
td.value { font-weight: bold }
td.fixed, pre { font-family: "Courier New", monospace; font-weight: bold; font-size: 9.5pt }
section { display: grid; grid-template-columns: 1fr 1fr; column-gap: 5mm; margin-top: 2mm;
  break-inside: avoid }
section h2 { font-size: 10.5pt; margin: 0 }
section ul, section ol { margin: 0; padding-left: 5mm; font-size: 9pt }
div.plain { grid-column: 1 / 3; padding-left: 5mm; font-size: 9pt; overflow-wrap: anywhere }
div.blocks { display: flex; gap: 6mm; border-top: .5pt solid #000; margin-top: 2mm }
div.blocks p { margin: 1mm 0; font-size: 9pt }
pre { margin: 0; line-height: 1.45 }
footer { font-size: 8pt; margin-top: 2mm }
"""


def _row(row: Row) -> str:
    kind = "value fixed" if row.fixed else "value"
    label = f"{escape(row.label.chinese)}<small>{escape(row.label.english)}</small>"
    return f'<tr><td>{label}</td><td class="{kind}">{escape(row.value)}</td></tr>'


def _column(section: Section, language: str, title: str, items: list[str]) -> str:
    tag = "ol" if section.numbered else "ul"
    listed = "".join(f"<li>{escape(item)}</li>" for item in items)
    return f'<div lang="{language}"><h2>{escape(title)}</h2><{tag}>{listed}</{tag}></div>'


def _section(section: Section) -> str:
    chinese = [item.chinese for item in section.items]
    english = [item.english for item in section.items]
    return (
        "<section>"
        + _column(section, "zh-Hant-TW", section.title.chinese, chinese)
        + _column(section, "en", section.title.english, english)
        + "".join(f'<div class="plain">{escape(line)}</div>' for line in section.plain)
        + "</section>"
    )


def _block(block: Block) -> str:
    lines = escape("\n".join(block.lines))
    return f"<div><p>{_both(block.title)}</p><pre>{lines}</pre></div>"


def _both(words: Words) -> str:
    return f"{escape(words.chinese)}<br>{escape(words.english)}"


def render(sheet: Sheet) -> str:
    """Errors: Unsupported without segno."""
    chinese, english = escape(sheet.title.chinese), escape(sheet.title.english)
    banner = escape(sheet.banner)
    return f"""<!doctype html>
<html lang="zh-Hant-TW"><head><meta charset="utf-8"><title>{chinese} {english} {banner}</title>
<style>{_STYLE}</style></head><body>
<h1>{chinese}<span>{english}</span><b>{banner}</b></h1>
<p class="sub">{_both(sheet.subtitle)}</p>
<div class="top"><table>{"".join(map(_row, sheet.rows))}</table>
{qr.svg(sheet.code, sheet.code_error)}</div>
{"".join(map(_section, sheet.sections))}
<div class="blocks">{"".join(map(_block, sheet.blocks))}</div>
<footer>{_both(sheet.footer)}</footer>
</body></html>
"""
