"""Pages of HTML under suspicion: a corpus of what tries to break out of them, and a reader that believes nothing."""

import re
from base64 import b64encode
from collections.abc import Iterable
from hashlib import sha256
from html.parser import HTMLParser

from chatcmd.conversation.session import Session
from chatcmd.history.export.html import pieces
from tests.hostile import raw_controls

TRAP = "http://127.0.0.1:{port}"
"""Stands in the corpus where a page would call home; a browser's test puts its own server there."""

# Each sets `window.ran` where it runs as a script, or asks the trap where it is fetched.
SCRIPTS: dict[str, str] = {
    "script": "<script>window.ran = 1</script>",
    "script behind what ends one": "</script></style></title></textarea></template><script>window.ran = 1</script>",
    "script of a server": f'<script src="{TRAP}/x.js"></script>',
    "script in a comment": "<!--><script>window.ran = 1</script>-->",
    "script in CDATA": "<![CDATA[<script>window.ran = 1</script>]]>",
    "script in svg": "<svg><script>window.ran = 1</script></svg><svg onload=window.ran=1>",
    "script in math": "<math><mtext><table><mglyph><style><img src=x onerror=window.ran=1></style></table></math>",
    "attribute of an image": "<img src=x onerror=window.ran=1>",
    "attribute with a break": "<img\nsrc=x\nonerror\n=\nwindow.ran=1>",
    "attribute with a slash": "<img/src=x/onerror=window.ran=1>",
    "attribute of what opens": '<details open ontoggle="window.ran=1">x</details>',
    "attribute of what has focus": "<input autofocus onfocus=window.ran=1>",
    "leaves an attribute": '"><img src=x onerror=window.ran=1><a href="',
    "leaves a single-quoted attribute": "'><img src=x onerror=window.ran=1><a href='",
    "leaves an attribute by a backtick": "`><img src=x onerror=window.ran=1>",
    "adds an attribute": '" autofocus onfocus="window.ran=1" x="',
    "leaves a comment": "--><img src=x onerror=window.ran=1><!--",
    "null in a tag": "<scr\0ipt>window.ran = 1</scr\0ipt>",
    "full-width brackets": "＜script＞window.ran = 1＜/script＞",
    "entities": "&lt;script&gt;window.ran = 1&lt;/script&gt;&#60;img src=x onerror=window.ran=1&#62;",
    "entity of a bidi control": "a &#x202e; b &#8238; c &ZeroWidthSpace;",
    "iframe": f'<iframe src="{TRAP}/frame"></iframe><iframe srcdoc="<script>parent.ran=1</script>"></iframe>',
    "object and embed": f'<object data="{TRAP}/o"></object><embed src="{TRAP}/e">',
    "style": f'<style>@import "{TRAP}/s.css"; body{{background:url({TRAP}/b.png)}}</style>',
    "style attribute": f'<p style="background:url({TRAP}/p.png)">x</p>',
    "link of the head": f'<link rel=stylesheet href="{TRAP}/l.css"><link rel=prefetch href="{TRAP}/l">',
    "meta refresh": f'<meta http-equiv=refresh content="0;url={TRAP}/meta">',
    "base": f'<base href="{TRAP}/">',
    "form": f'<form action="{TRAP}/form"><input name=q autofocus><button>go</button></form>',
    "image": f'<img src="{TRAP}/i.png"><picture><source srcset="{TRAP}/set.png"></picture>',
    "video": f'<video src="{TRAP}/v" poster="{TRAP}/p.png" autoplay></video><audio src="{TRAP}/a" autoplay></audio>',
    "body": f'</body></html><body background="{TRAP}/body.png" onload=window.ran=1>',
    "clobbers what our script looks for": "<form id=tools><input id=query name=query></form><a id=count></a>",
    "markdown image": f"![x]({TRAP}/m.png)",
    "markdown image by reference": f"![x][r]\n\n[r]: {TRAP}/r.png\n",
    "markdown image in a link": f"[![x]({TRAP}/in.png)]({TRAP}/out)",
    "markdown svg image": "![x](data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9d2luZG93LnJhbj0xPg==)",
    "markdown image that is none": "![x](data:image/png;base64,PHNjcmlwdD53aW5kb3cucmFuPTE8L3NjcmlwdD4=)",
    "markdown image with a quote": '![x](data:image/png;base64," onerror="window.ran=1)',
    "javascript link": "[x](javascript:window.ran=1)",
    "javascript link in capitals": "[x](JaVaScRiPt:window.ran=1)",
    "javascript link by entity": "[x](javascript&colon;window.ran=1) [x](&#106;avascript:window.ran=1)",
    "javascript link with a tab": "[x](java&Tab;script:window.ran=1) [x](java\tscript:window.ran=1)",
    "javascript link behind a control": "[x](\x01javascript:window.ran=1) [x](<\x0bjavascript:window.ran=1>)",
    "javascript link by reference": "[x][r]\n\n[r]: javascript:window.ran=1\n",
    "javascript autolink": "<javascript:window.ran=1>",
    "vbscript link": "[x](vbscript:msgbox)",
    "data link": "[x](data:text/html;base64,PHNjcmlwdD4=) [x](data:text/html,<script>window.ran=1</script>)",
    "file link": "[x](file:///etc/passwd) [x](/etc/passwd) [x](../../secret) [x](//evil.example/x) [x](\\\\evil\\x)",
    "blob and other links": "[x](blob:null/1) [x](ssh://-oProxyCommand=id/) [x](about:blank) [x](view-source:file:///)",
    "link with a quote": '[x](http://a.example/"onclick="window.ran=1)',
    "link with a title": '[x](http://a.example/ "t\\" onclick=window.ran=1 ")',
    "link in a link": "[a [b](http://b.example) c](http://c.example)",
    "bare address with a quote": 'http://a.example/"onclick="window.ran=1',
    "bare address with a script": "http://a.example/<script>window.ran=1</script>",
    "fence with a quote": '```py"onmouseover="window.ran=1\nx\n```\n```<script>window.ran=1</script>\nx\n```',
    "fence that closes": "```html\n</code></pre><script>window.ran=1</script>\n```",
    "table that leaves": "|a|\n|-|\n|</td></tr></table><script>window.ran=1</script>|",
    "list from a strange number": "999999999. x\n\n0. y",
    "heading with an id": "# x {#tools onclick=window.ran=1}\n\n<h1 id=tools>x</h1>",
    "placeholders": "{name} {0.__class__} %s %(key)s ${x} {at} {n}",
}

_GLOBAL = {"class", "id", "title", "hidden", "aria-label"}
_ALLOWED = {
    "html": {"lang"},
    "meta": {"charset", "name", "content", "http-equiv"},
    "body": {"data-copy", "data-copied", "data-found", "data-none"},
    "a": {"href", "rel", "target"},
    "img": {"src", "alt", "width", "height", "loading"},
    "time": {"datetime"},
    "ol": {"start"},
    "pre": {"data-language"},
    "button": {"type"},
    "input": {"type", "placeholder", "autocomplete"},
    "output": {"aria-live"},
    "svg": {"viewbox", "preserveaspectratio", "role", "aria-hidden"},
    "rect": {"x", "y", "width", "height"},
}
_BARE = {
    *("head", "title", "style", "script", "main", "nav", "article", "section", "header", "footer", "div", "span", "p"),
    *("b", "em", "strong", "s", "code", "blockquote", "ul", "li", "hr", "br", "h1", "h2", "h3", "h4", "h5", "h6"),
    *("dl", "dt", "dd", "details", "summary", "table", "thead", "tbody", "tr", "th", "td", "figure", "figcaption"),
}
_EMPTY = {"meta", "img", "br", "hr", "input"}
_IDS = {"bar", "tools", "query", "count", "back", "on", "shade", "contents"}
_OURS = re.compile(r"s\d+(t\d+)?", re.ASCII)
_POLICY = {"default-src", "style-src", "script-src", "img-src", "base-uri", "form-action"}


def page(sessions: Iterable[Session]) -> str:
    """Make the whole page of sessions."""
    return "".join(pieces(sessions))


class Reader(HTMLParser):
    """Reads a page: what is wrong with it in `faults`, its text without style and script in `text`."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.faults: list[str] = raw_controls(page.encode())
        self.text = ""
        self.links: list[str] = []
        self.images: list[str] = []
        self.ids: list[str] = []
        self.held: dict[str, list[str]] = {"style": [], "script": []}
        self.policy = ""
        self._open: list[str] = []
        self.feed(page)
        self.close()
        if self._open:
            self.faults.append(f"never closed: {self._open}")
        if len(self.ids) != len(set(self.ids)):
            self.faults.append(f"ids twice: {self.ids}")
        self._check_policy()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _ALLOWED and tag not in _BARE:
            self.faults.append(f"element {tag}")
        if tag in self.held:
            self.held[tag].append("")
        for name, value in attrs:
            if name not in _ALLOWED.get(tag, set()) | _GLOBAL:
                self.faults.append(f"attribute {name} of {tag}")
            self._check(tag, name, value or "")
        if tag not in _EMPTY:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.faults.append(f"{tag} ends what it did not begin")

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] in self.held:
            self.held[self._open[-1]][-1] += data
        else:
            self.text += data

    def handle_comment(self, data: str) -> None:
        self.faults.append(f"comment {data!r}")

    def handle_pi(self, data: str) -> None:
        self.faults.append(f"instruction {data!r}")

    def unknown_decl(self, data: str) -> None:
        self.faults.append(f"declaration {data!r}")

    def _check(self, tag: str, name: str, value: str) -> None:
        if name == "href":
            self.links.append(value)
            if not re.match(r"https?://[!-~]|mailto:[!-~]|#s\d", value):
                self.faults.append(f"link to {value!r}")
        if name == "src":
            self.images.append(value)
            if not re.fullmatch(r"data:image/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/]+=*", value):
                self.faults.append(f"image {value[:60]!r}")
        if name == "rel" and value != "noopener noreferrer nofollow":
            self.faults.append(f"a link's rel {value!r}")
        if name == "id":
            self.ids.append(value)
            if value not in _IDS and not _OURS.fullmatch(value):
                self.faults.append(f"id {value!r}")
        if tag == "meta" and name == "content" and "default-src" in value:
            self.policy = value

    def _check_policy(self) -> None:
        """See that nothing but this very style and this very script may be used."""
        directives = dict(each.strip().split(" ", 1) for each in self.policy.split(";") if each.strip())
        wanted = {f"{name}-src": f"'{_hash(''.join(texts))}'" for name, texts in self.held.items()}
        wanted |= {"default-src": "'none'", "img-src": "data:", "base-uri": "'none'", "form-action": "'none'"}
        if directives != wanted or directives.keys() != _POLICY:
            self.faults.append(f"policy {self.policy!r}")
        if any(len(texts) != 1 for texts in self.held.values()):
            self.faults.append("more than one style or script")


def _hash(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"
