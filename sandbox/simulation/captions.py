"""Words of the generated world: niches, names, and captions that are hard on careless code.

Belongs here: text, as data.
Does not belong here: choosing among it.
"""

from typing import Final

NICHES: Final = ("cooking", "fitness", "skincare", "travel", "gaming", "pets", "books", "repairs")
NAMES: Final = ("thao", "minh", "linh", "ana", "jonas", "amira", "kofi", "yuki", "sofia", "dmitri")

PLAIN: Final = (
    "Three things I wish I had known earlier",
    "Day 12 of doing this every morning",
    "Wait for the end 😂",
    "Cách làm nhanh trong 5 phút 🍜 #meovat #xuhuong",
    "Full list in the comments 👇",
    "POV: it finally worked",
    "Nobody asked, here it is anyway #fyp #foryou",
    "Part 2 is up ✨",
)

TRICKY: Final = (
    "=cmd|' /C calc'!A0",
    '<b>SALE</b> <script>alert("caption")</script> & more',
    "وصفة سريعة للعشاء الليلة \u200f#طبخ",
    "+1 if you agree, -1 if not",
    "@everyone 👩‍👩‍👧‍👦🏳️‍🌈 tag a friend",
    'She said "no, thanks", then\nleft; twice\r\nin a row\t…',
    "'; drop table posts; --",
    "",
)
"""Formulas, markup, right-to-left text, joined emoji, quotes and line ends; empty is no caption."""
