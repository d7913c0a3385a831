"""What is known about models by name: their window and how they count."""

import re

from msgspec import Struct

from chatcmd.conversation.tokens import Rules

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


_REASONING = re.compile(r"(o\d+|gpt-5(\.\d+)?)($|-(?!.*chat))")
"""Names of families that are known to reason, whatever else is not known of a new one."""


def look_up(name: str) -> Model:
    """Find what is known of a model: the longest family that its name begins with, at a word's end.

    A service's prefix (`NAME/MODEL`) and a fine-tune's (`ft:MODEL:...`) are passed over.
    """
    bare = name.rsplit("/", 1)[-1].removeprefix("ft:").lower()
    for end in range(len(bare), 0, -1):
        if end == len(bare) or not bare[end].isalnum():
            family = FAMILIES.get(bare[:end])
            if family is not None and (end == len(bare) or bare[end] != "."):
                return family
    return Model(UNKNOWN_WINDOW, None, reasons=_REASONING.match(bare) is not None)
