"""Images on a page: only ones that it holds itself, of kinds that can be attached, and that are what they claim."""

from base64 import b64encode
from binascii import Error, a2b_base64

from chatcmd.conversation.image import NotAnImage, header
from chatcmd.history.export.html.element import Markup, element


def picture(url: str, alt: str) -> Markup | None:
    """Show the image of a data URL; None for any other address, and for what is no image.

    The address is written anew from the bytes, with the kind that they themselves have: nothing else of it passes.
    """
    media, comma, data = url.partition(",")
    if not comma or not media.startswith("data:image/") or not media.endswith(";base64"):
        return None
    try:
        content = a2b_base64(data, strict_mode=True)
        found = header(content)
    except (Error, ValueError, NotAnImage):
        return None
    if found is None:
        return None
    safe = f"data:{found.media};base64,{b64encode(content).decode()}"
    return element("img", src=safe, alt=alt, width=found.width, height=found.height, loading="lazy")
