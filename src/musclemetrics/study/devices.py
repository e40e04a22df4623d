"""What may be told of a device: makers and models that are on the market, and no word that a person put there."""

from __future__ import annotations

import re

from .wording import HIDDEN

__all__ = ["told"]

_MAKERS = """
    alpinion aloka analog axon aurora bk biologic bio-logic butterfly canon chison clarius draminski echoson edan
    esaote fuji fujifilm ge g.e gamry healthcare healthineers hioki hitachi hologic imagine impedimed keysight konica
    medical medison medtronic mindray minolta myolex olympus philips quantel samsung sciospec scientific siemens
    skulpt solartron sonoscape sonosite supersonic systems technologies telemed terason toshiba ultrasonix ultrasound
    verasonics vinno zonare zurich instruments electronics corporation
"""
_MODELS = """
    accuvix acuson affiniti aixplorer antares aplio arietta artus clearvue cx echoblaster edge ei elite epiq eub
    expert freestyle fusion hd iq iviz juniper lisendo logic logiq lumify mach micrus m-turbo msk mview mylab
    nemio noblus pro prosound ps redwood resona sequoia sonixtouch sparq sx te turbo twice vantage venue vivid
    viamo voluson vscan wireless xario xl x-porte xperience zs s-nerve
"""
_PROBES = (
    "linear curved convex sector phased array matrix endocavity volume probe transducer linear_array sector_phased"
)
_OTHER = "co corp gmbh inc kg ltd llc spa srl se ag us and plus mk ii iii iv"
_KNOWN = frozenset(f"{_MAKERS} {_MODELS} {_PROBES} {_OTHER}".split())
# Letters and figures as models have them: S2000, iU22, ML6-15, L18-10L30H-4, 9L-D; no number of a device or a person.
_MODEL = re.compile(r"[A-Za-z]{0,3}(?:[-_/.]?[0-9]{1,4}[A-Za-z]{0,2}){1,4}(?:-[A-Za-z]{1,2})?")
_DIGITS = 6
_EDGES = ".,;:()[]&+/_-"


def told(text: str) -> str:
    """Return the name of a device or probe with every word masked that is no maker's and no model's.

    The element of a header that names the device is typed in by whoever sets it up, who may write anything.

    Examples
    --------
    >>> told("GE Healthcare LOGIQ e"), told("GE Quux Clinic LOGIQ S8"), told("ML6-15")
    ('GE Healthcare LOGIQ e', 'GE … … LOGIQ S8', 'ML6-15')
    """
    return " ".join(word if _is_known(word.strip(_EDGES)) else HIDDEN for word in text.split())


def _is_known(word: str) -> bool:
    if len(word) < 2 or word.casefold() in _KNOWN:
        return True
    return _MODEL.fullmatch(word) is not None and sum(c.isdigit() for c in word) < _DIGITS + word.count("-")
