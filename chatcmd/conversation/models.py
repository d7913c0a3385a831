"""What is known about models by name: their window, how they count, and what they count for an image."""

import re
from collections.abc import Iterable, Mapping
from typing import TypeVar

from msgspec import Struct

from chatcmd.conversation.attachment import images
from chatcmd.conversation.image import UNKNOWN_IMAGES, Counted, Patches, Tiles
from chatcmd.conversation.message import Message
from chatcmd.conversation.tokens import Rules
from chatcmd.errors import NotAttached
from chatcmd.language import _

_Known = TypeVar("_Known")

CL100K = Rules("cl100k_base")
CL100K_0301 = Rules("cl100k_base", per_message=4)
O200K = Rules("o200k_base")

UNKNOWN_WINDOW = 4096
"""Assumed for a model that is not in the table: what local servers commonly start with."""


class Model(Struct, frozen=True):
    """A model's window in tokens, its counting rules (None: not known), and whether it reasons.

    A model that reasons takes `max_completion_tokens` in place of `max_tokens`.
    """

    window: int
    rules: Rules | None
    reasons: bool = False

    @property
    def known(self) -> bool:
        return self.rules is not None


# Windows as OpenAI's model pages state them; gpt-3.5-turbo is 4,096, as its users know it and can change in settings.
FAMILIES = {
    "gpt-3.5-turbo": Model(4096, CL100K),
    "gpt-3.5-turbo-0301": Model(4096, CL100K_0301),
    "gpt-3.5-turbo-16k": Model(16_385, CL100K),
    "gpt-3.5-turbo-1106": Model(16_385, CL100K),
    "gpt-3.5-turbo-0125": Model(16_385, CL100K),
    "gpt-35-turbo": Model(4096, CL100K),
    "gpt-35-turbo-16k": Model(16_385, CL100K),
    "gpt-4": Model(8192, CL100K),
    "gpt-4-32k": Model(32_768, CL100K),
    "gpt-4-turbo": Model(128_000, CL100K),
    "gpt-4-1106-preview": Model(128_000, CL100K),
    "gpt-4-0125-preview": Model(128_000, CL100K),
    "gpt-4o": Model(128_000, O200K),
    "chatgpt-4o": Model(128_000, O200K),
    "gpt-4.1": Model(1_047_576, O200K),
    "o1": Model(200_000, O200K, reasons=True),
    "o1-mini": Model(128_000, O200K, reasons=True),
    "o1-preview": Model(128_000, O200K, reasons=True),
    "o3": Model(200_000, O200K, reasons=True),
    "o4-mini": Model(200_000, O200K, reasons=True),
    "gpt-5": Model(400_000, O200K, reasons=True),
    "gpt-5-chat": Model(128_000, O200K),
    "gpt-5.1": Model(400_000, O200K, reasons=True),
}

# Who takes images, and at what price in tokens: OpenAI's model pages and its guide "Images and vision", 2025-09.
IMAGES: dict[str, Counted | None] = {
    "gpt-4-turbo": Tiles(85, 170),
    "gpt-4-turbo-preview": None,
    "gpt-4-vision-preview": Tiles(85, 170),
    "gpt-4o": Tiles(85, 170),
    "gpt-4o-mini": Tiles(2833, 5667),
    "chatgpt-4o": Tiles(85, 170),
    "gpt-4.1": Tiles(85, 170),
    "gpt-4.1-mini": Patches(1.62),
    "gpt-4.1-nano": Patches(2.46),
    "o1": Tiles(75, 150),
    "o1-mini": None,
    "o1-preview": None,
    "o3": Tiles(75, 150),
    "o3-mini": None,
    "o4-mini": Patches(1.72),
    "gpt-5": Tiles(70, 140),
    "gpt-5-mini": Patches(1.62),
    "gpt-5-nano": Patches(2.46),
    "gpt-5.1": Tiles(70, 140),
}

SEES = "gpt-4o"
"""A model that takes images, to be named to whoever asks one that does not."""


_REASONING = re.compile(r"(o\d+|gpt-5(\.\d+)?)($|-(?!.*chat))")
"""Names of families that are known to reason, whatever else is not known of a new one."""


def look_up(name: str) -> Model:
    """Find what is known of a model: the longest family that its name begins with, at a word's end.

    A service's prefix (`NAME/MODEL`) and a fine-tune's (`ft:MODEL:...`) are passed over.
    """
    bare = _bare(name)
    family = _family(bare, FAMILIES)
    return family or Model(UNKNOWN_WINDOW, None, reasons=_REASONING.match(bare) is not None)


def images_of(name: str) -> Counted | None:
    """Tell what a model counts for an image; None when it takes none. Of an unknown one its service decides."""
    found = _family(_bare(name), IMAGES)
    return found if found is not None or look_up(name).known else UNKNOWN_IMAGES


def check_images(name: str, messages: Iterable[Message]) -> None:
    """Raise NotAttached when there is an image among the attachments, and the model takes none."""
    for message in messages:
        image = next(iter(images(message.attachments)), None) if message.attachments else None
        if image is not None and images_of(name) is None:
            sentence = _("{model} takes no images, and {name} is one; choose a model that does, as in /model {other}")
            raise NotAttached(sentence.format(model=name, name=image.name, other=SEES))


def _bare(name: str) -> str:
    return name.rsplit("/", 1)[-1].removeprefix("ft:").lower()


def _family(bare: str, families: Mapping[str, _Known]) -> _Known | None:
    for end in range(min(len(bare), max(map(len, families))), 0, -1):
        whole = end == len(bare)
        if (whole or not bare[end].isalnum()) and bare[:end] in families and (whole or bare[end] != "."):
            return families[bare[:end]]
    return None
