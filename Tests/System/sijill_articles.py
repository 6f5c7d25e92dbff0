"""Texts for the system tests: the fixtures, and as many made ones as a test wants."""

import glob
import json
import os
import random

FIXTURES = os.path.join(os.path.dirname(__file__), "..", "Fixtures", "articles-txt")

WORDS = (
    "قال المتحدث إن السلطات المحلية أعلنت صباح اليوم بدء أعمال صيانة الطريق الساحلي بعد أمطار "
    "غزيرة شهدتها المنطقة خلال الأسبوع الماضي وأضاف أن فرق الإنقاذ وصلت إلى القرى المتضررة "
    "ونقلت عددا من العائلات إلى مدارس مجهزة بينما تواصل اللجنة تقييم الأضرار التي لحقت بالحقول "
    "والمزارع والجسور القديمة كما دعا السكان إلى اتباع التعليمات وتجنب مجاري السيول ومن جهة "
    "أخرى ذكرت جمعية المزارعين أن محصول الزيتون هذا العام أفضل من المتوقع رغم ارتفاع تكاليف "
    "النقل وأشار رئيس البلدية في مؤتمر صحفي إلى خطة لترميم السوق القديم وفتح متحف صغير يضم "
    "مخطوطات نادرة ومن المنتظر أن يبدأ العمل مطلع الشهر المقبل بتمويل من صندوق التنمية"
).split()


def fixtures():
    """Name and bytes of the five fixture articles."""
    found = []
    for path in sorted(glob.glob(os.path.join(FIXTURES, "*.txt"))):
        with open(path, "rb") as file:
            found.append((os.path.basename(path), file.read()))
    return found


def article(number, seed, size=5_000):
    """A text of about `size` bytes that no other number has: same number and seed, same bytes."""
    source = random.Random(f"{seed}/{number}")
    lines = [f"خبر رقم {number} من مجموعة {seed}"]
    length = 0
    while length < size:
        words = source.choices(WORDS, k=source.randint(18, 40))
        lines.append(" ".join(words) + ".")
        length += len(lines[-1].encode()) + 2
    return ("\n\n".join(lines) + "\n").encode()


def jsonl(numbers, seed, size=600, ascii_only=False):
    """One line for each number: an article as JSON, the way that scrapers write it."""
    lines = []
    for number in numbers:
        value = {
            "title": f"عنوان {number}",
            "url": f"https://news.example/{seed}/{number}",
            "text": article(number, seed, size).decode(),
        }
        lines.append(json.dumps(value, ensure_ascii=ascii_only))
    return ("\n".join(lines) + "\n").encode()
