"""Which labels are safe by themselves, in which form; all others are left out or become codes."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["CODED", "DATED", "DEVICES", "KEPT", "PERSONS", "WHO"]

CODED = {
    "subject": "S",
    "animal": "A",
    "fibre": "M",
    "session": "V",
    "visit": "V",
    "condition": "C",
    "preset": "P",
    "sheet": "T",
    "channel": "K",
    "sweep": "K",
    "subject_alike": "E",
    "animal_alike": "E",
}
"""Labels that tell records apart: where their words may name someone, they become codes with this letter."""

WHO = ("subject", "animal")
PERSONS = re.compile(
    r"(?:subject|participant|patient|proband|person|first|last|family|given|sur|full|middle|maiden)?[ _-]?"
    r"(?:name|id|no|number|code|nr)|surname|forename|subject|participant|patient|proband|animal|mrn|hospital.*|insurance.*|"
    r"birth.*|dob|date.*|.*date|born|e?[ _-]?mail.*|phone.*|tel.*|mobile|address|street|city|zip.*|post.?code|initials|"
    r"operator|examiner|experimenter|investigator|physician|doctor|sonographer|technician|user|owner|contact.*|ssn|"
    r"comments?|remarks?|notes?|nhs.*|passport.*",
    re.IGNORECASE,
)
"""Heads of columns under which people are named or numbered, or write what they like."""

DEVICES = ("device", "transducer")
"""Labels of which the words of makers and models are kept."""

DATED = ("session", "visit", "date", "day")
"""Labels that may be a day on which something was recorded."""

_MUSCLES = """
    abductor adductor anterior biceps brachialis brachii brachioradialis brevis calf capitis carpi caput cervicis crus
    deltoid deltoideus diaphragm digitorum dorsal dorsi edl erector extensor fcr fdi femoris fibularis first flexor
    forearm gastrocnemius geniohyoid gluteus gracilis hallucis hamstrings head iliocostalis iliopsoas infraspinatus
    intercostal intermedius interosseus intrinsic lateral lateralis latissimus long longissimus longus masseter maximus
    medial medialis medius mg lg minimus multifidus muscle oblique obliquus of papillary pectoralis peroneus plantaris
    pollicis popliteus posterior psoas quadriceps radialis rectus rf sartorius semimembranosus semitendinosus serratus
    short sol soleus spinae spinalis sternocleidomastoid supraspinatus surae ta tensor teres thigh thumb tibialis tongue
    trapezius triceps trabecula ulnaris upper lower vastus vl vm vi and the left right deep superficial
"""
_SPECIES = ("human", "mouse", "rat", "rabbit", "cat", "dog", "pig", "frog", "toad", "trout", "guinea", "sheep", "cow")
_NUMBER = r"[+-]?[0-9]{1,5}(?:\.[0-9]{1,6})?(?: ?(?:mm|cm|um|µm|dB|MHz|kHz|Hz|Cel|%|s|ms|V|mA|Ohm))?"
_AMOUNTS = re.compile(rf"{_NUMBER}(?:, {_NUMBER}){{0,7}}")
_VISIT = re.compile(
    r"(?:(?:v|visit|t|tp|time|timepoint|session|ses|week|w|month|m|year|y|wave|round)?[ _-]?[0-9]{1,3}"
    r"|day[ _-]?-?[0-9]{1,5}"
    r"|baseline|base|screening|pre|post|before|after|follow-?up|end|final|first|second|third|fourth)",
    re.IGNORECASE,
)
_MODEL = re.compile(r"[A-Za-z0-9 .,_/+()&-]{1,64}")


def _of(words: Iterable[str]) -> re.Pattern[str]:
    one = "|".join(map(re.escape, sorted(words)))
    return re.compile(rf"(?:{one})(?:[ _-](?:{one}))*", re.IGNORECASE)


KEPT: dict[str, re.Pattern[str]] = {
    "frame": re.compile("[0-9]{1,6}"),
    "side": _of(("left", "right", "l", "r", "both", "dominant", "non-dominant", "affected", "unaffected")),
    "muscle": _of(_MUSCLES.split()),
    "species": _of((*_SPECIES, "horse", "monkey", "zebrafish")),
    "direction": _of(("along", "across", "longitudinal", "transverse")),
    "rating": _of(("accept", "doubt", "reject")),
    "session": _VISIT,
    "visit": _VISIT,
    "day": re.compile("-?[0-9]{1,5}"),
    "device": _MODEL,
    "transducer": _MODEL,
    **dict.fromkeys(("depth", "gain", "dynamic_range", "frequency", "temperature", "sarcomere_length"), _AMOUNTS),
}
"""Labels kept as they are, where their words have this form."""
