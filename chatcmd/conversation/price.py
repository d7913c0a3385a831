"""What tokens cost: OpenAI's list prices by model, as its price page (platform.openai.com/docs/pricing) named them.

Standard service, as of December 2025; models that it no longer listed by then have their last list price. Nothing is
known of other services, of discounts, taxes and fine-tuned models.
"""

import re

from msgspec import Struct

from chatcmd.conversation.message import Usage

AS_OF = "2025-12"
"""The month of which the table is."""

CACHED_FROM = 1024
"""Tokens from which on a prompt may have been cached, and then costs less."""


class Money(Struct, frozen=True):
    """US dollars; `at_most` marks an amount that is less when the service had a part of the prompt cached."""

    dollars: float = 0.0
    at_most: bool = False

    def __add__(self, other: "Money") -> "Money":
        return Money(self.dollars + other.dollars, self.at_most or other.at_most)

    def __str__(self) -> str:
        """Write it with the digits that tell something: `$12.34`, `$0.0312`, `$0.00004`."""
        digits = 2 if self.dollars == 0 or self.dollars >= 1 else 4 if self.dollars >= 0.001 else 6  # noqa: PLR2004
        return f"{'<=' if self.at_most else ''}${self.dollars:,.{digits}f}"


class Price(Struct, frozen=True):
    """US dollars for a million tokens of the prompt and of the answer; `caches` says that cached ones cost less."""

    prompt: float
    answer: float
    caches: bool = False

    def of(self, usage: Usage) -> Money:
        """Say what one answer cost, by the server's own count."""
        dollars = (usage.prompt_tokens * self.prompt + usage.completion_tokens * self.answer) / 1_000_000
        return Money(dollars, self.caches and usage.prompt_tokens >= CACHED_FROM)


_TABLE = {
    "gpt-3.5-turbo": Price(0.50, 1.50),
    "gpt-3.5-turbo-0125": Price(0.50, 1.50),
    "gpt-3.5-turbo-1106": Price(1.00, 2.00),
    "gpt-3.5-turbo-0613": Price(1.50, 2.00),
    "gpt-3.5-turbo-0301": Price(1.50, 2.00),
    "gpt-3.5-turbo-16k": Price(3.00, 4.00),
    "gpt-3.5-turbo-16k-0613": Price(3.00, 4.00),
    "gpt-4": Price(30.00, 60.00),
    "gpt-4-0613": Price(30.00, 60.00),
    "gpt-4-0314": Price(30.00, 60.00),
    "gpt-4-32k": Price(60.00, 120.00),
    "gpt-4-32k-0613": Price(60.00, 120.00),
    "gpt-4-32k-0314": Price(60.00, 120.00),
    "gpt-4-1106-preview": Price(10.00, 30.00),
    "gpt-4-0125-preview": Price(10.00, 30.00),
    "gpt-4-turbo-preview": Price(10.00, 30.00),
    "gpt-4-turbo": Price(10.00, 30.00),
    "gpt-4o": Price(2.50, 10.00, caches=True),
    "gpt-4o-2024-05-13": Price(5.00, 15.00),
    "chatgpt-4o-latest": Price(5.00, 15.00),
    "gpt-4o-mini": Price(0.15, 0.60, caches=True),
    "gpt-4.1": Price(2.00, 8.00, caches=True),
    "gpt-4.1-mini": Price(0.40, 1.60, caches=True),
    "gpt-4.1-nano": Price(0.10, 0.40, caches=True),
    "o1": Price(15.00, 60.00, caches=True),
    "o1-preview": Price(15.00, 60.00, caches=True),
    "o1-mini": Price(1.10, 4.40, caches=True),
    "o3": Price(2.00, 8.00, caches=True),
    "o3-mini": Price(1.10, 4.40, caches=True),
    "o4-mini": Price(1.10, 4.40, caches=True),
    "gpt-5": Price(1.25, 10.00, caches=True),
    "gpt-5-mini": Price(0.25, 2.00, caches=True),
    "gpt-5-nano": Price(0.05, 0.40, caches=True),
    "gpt-5-chat-latest": Price(1.25, 10.00, caches=True),
    "gpt-5.1": Price(1.25, 10.00, caches=True),
    "gpt-5.1-chat-latest": Price(1.25, 10.00, caches=True),
    "gpt-5.2": Price(1.75, 14.00, caches=True),
    "gpt-5.2-chat-latest": Price(1.75, 14.00, caches=True),
}


def undated(model: str) -> str:
    """Name the model that a dated snapshot (`gpt-4o-2024-08-06`) is of; any other name stays as it is."""
    return re.sub(r"-20\d\d-[01]\d-[0-3]\d$", "", model, flags=re.ASCII)


def look_up(model: str) -> Price | None:
    """Find the list price of one of OpenAI's models, by its exact name or as a dated snapshot; None is unknown."""
    return _TABLE.get(model) or _TABLE.get(undated(model))
