"""Pictures that carry a badge: putting one in, taking it out. No pixel is decoded, nothing in a picture runs."""

from node.credentials.pictures.badge import Badge, BadgeKind, Form, read_badge
from node.credentials.pictures.limits import MAX_BADGE_BYTES, MAX_PICTURE_BYTES
from node.credentials.pictures.picture import PictureFormat, Unbaked, bake, unbake
from node.credentials.pictures.svg_activity import Activity, ActivityKind

__all__ = [
    "MAX_BADGE_BYTES",
    "MAX_PICTURE_BYTES",
    "Activity",
    "ActivityKind",
    "Badge",
    "BadgeKind",
    "Form",
    "PictureFormat",
    "Unbaked",
    "bake",
    "read_badge",
    "unbake",
]
