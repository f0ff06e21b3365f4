"""The cheap checks of a push on what was fetched: a page or file, or what is wrong with it."""

import hashlib

from chassis.errors import Refusal
from connector_gateway.domain.contents import ENCODINGS, LARGEST, MEDIA_TYPES, check, unpack
from connector_gateway.domain.sources import Content
from connector_gateway.errors.deliveries import BodyCutOff, DeliveryTooLarge, MediaTypeUnknown


def checked(body: bytes, content_type: str, encoding: str = "") -> Content | Refusal:
    """Return a body unpacked, or what is wrong with it: that does not stop what follows it."""
    try:
        if content_type not in MEDIA_TYPES or encoding not in ENCODINGS:
            raise MediaTypeUnknown
        if len(body) > LARGEST:
            raise DeliveryTooLarge
        if not body:
            raise BodyCutOff
        content = unpack(body, encoding)
        check(content, content_type)
    except Refusal as why:
        return why
    return Content(content, content_type)


def digest_of(body: bytes, offered: Content | Refusal) -> str:
    """Return what tells a page or file from another: the same again is not offered again."""
    return hashlib.sha256(offered.body if isinstance(offered, Content) else body).hexdigest()
