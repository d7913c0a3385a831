"""Draw the README's pictures anew, from runs of the real program: `python -m tests.pictures`."""

from pathlib import Path

from tests.pictures.scene import SCENES, picture

HERE = Path(__file__).parent

for name, scene in SCENES.items():
    (HERE / f"{name}.svg").write_text(picture(scene), encoding="utf-8")
    print(f"{name}.svg")
