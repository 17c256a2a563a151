"""The pictures of the demo's products: drawn from a few shapes, alike each time, and each unlike the others.

A drawing is a function that puts shapes on a `Canvas`, from back to front; `DRAWINGS` says which one, in which
colours, by the product's SKU.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from orderchainer.core.pictures import Picture
from orderchainer.demo.drawings import ceramics, furniture, lighting, textiles, tools
from orderchainer.demo.drawings.canvas import (
    ASH,
    BEECH,
    BLACK,
    BRASS,
    BUTTER,
    CLAY,
    CREAM,
    DUSK,
    FLOOR,
    LEAF,
    LINEN,
    MIST,
    MOSS,
    MUSTARD,
    NIGHT,
    OAK,
    PINE,
    ROSE,
    RUST,
    SAGE,
    SAND,
    SEA,
    STEEL,
    STONE,
    WALNUT,
    Canvas,
    Colour,
    dark,
)


@dataclass(frozen=True)
class Drawing:
    """What is drawn, and the wall behind it."""

    draw: Callable[[Canvas], None]
    wall: Colour
    # What hangs or lies needs no floor.
    has_floor: bool = True


DRAWINGS = {
    "SEAT-STOOL-OAK": Drawing(
        partial(furniture.stool, wood=OAK, height=36, rung=OAK), MIST
    ),
    "SEAT-STOOL-TALL": Drawing(
        partial(furniture.stool, wood=ASH, height=58, rung=STEEL), ROSE
    ),
    "SEAT-CHAIR-SPINDLE": Drawing(
        partial(furniture.spindle_chair, wood=dark(ASH, 0.12)), LEAF
    ),
    "SEAT-CHAIR-STACK": Drawing(
        partial(furniture.shell_chair, shell=MOSS, legs=BLACK), SAND
    ),
    "SEAT-ARMCHAIR": Drawing(partial(furniture.armchair, wool=RUST, legs=BEECH), MIST),
    "SEAT-BENCH": Drawing(partial(furniture.bench, wood=OAK), LEAF),
    "SEAT-POUF": Drawing(partial(furniture.pouf, wool=MUSTARD), ROSE),
    "TBL-DINING-OAK": Drawing(
        partial(furniture.dining_table, wood=OAK, legs=BLACK), MIST
    ),
    "TBL-BISTRO": Drawing(
        partial(furniture.bistro_table, top=STONE, foot=BLACK), BUTTER
    ),
    "TBL-DESK": Drawing(partial(furniture.desk, wood=WALNUT), LEAF),
    "TBL-SIDE": Drawing(partial(furniture.tray_table, tray=RUST, legs=ASH), SAND),
    "SHF-WALL": Drawing(
        partial(furniture.wall_shelf, wood=OAK, brackets=BRASS), MIST, False
    ),
    "SHF-BOOKCASE": Drawing(partial(furniture.bookcase, wood=ASH), ROSE),
    "LMP-DESK-PINE": Drawing(partial(lighting.desk_lamp, paint=PINE, arm=BRASS), SAND),
    "LMP-DESK-BRASS": Drawing(
        partial(lighting.desk_lamp, paint=BRASS, arm=BLACK), DUSK
    ),
    "LMP-PENDANT-LINEN": Drawing(
        partial(lighting.drum_pendant, linen=LINEN), ROSE, False
    ),
    "LMP-PENDANT-DOME": Drawing(
        partial(lighting.dome_pendant, enamel=NIGHT), MIST, False
    ),
    "LMP-FLOOR-ARC": Drawing(partial(lighting.arc_lamp, shade=MUSTARD), LEAF),
    "LMP-TABLE-CLAY": Drawing(partial(lighting.table_lamp, clay=CLAY), DUSK),
    "LMP-LANTERN": Drawing(partial(lighting.lantern, metal=RUST), DUSK),
    "LMP-BULB": Drawing(lighting.bulb, DUSK, False),
    "CER-MUG-SAGE": Drawing(
        partial(ceramics.mug, glaze=SAGE, inside=WALNUT, band=CREAM), SAND
    ),
    "CER-MUG-CLAY": Drawing(
        partial(ceramics.mug, glaze=CLAY, inside=CREAM, band=CLAY), MIST
    ),
    "CER-BOWL": Drawing(partial(ceramics.bowl, glaze=SEA), BUTTER),
    "CER-PLATE": Drawing(
        partial(ceramics.plate, glaze=CREAM, rim=SEA), (206, 186, 160), False
    ),
    "CER-TEAPOT": Drawing(partial(ceramics.teapot, glaze=NIGHT), ROSE),
    "CER-PITCHER": Drawing(partial(ceramics.pitcher, glaze=CREAM), (196, 214, 214)),
    "CER-VASE": Drawing(partial(ceramics.vase, clay=CLAY), LEAF),
    "CER-PLANTER": Drawing(partial(ceramics.planter, pot=STONE), BUTTER),
    "KIT-BOARD-OAK": Drawing(partial(tools.cutting_board, wood=OAK), LEAF, False),
    "KIT-BOARD-ROUND": Drawing(partial(tools.round_board, wood=WALNUT), ROSE, False),
    "KIT-SPOONS": Drawing(partial(tools.spoons, woods=(CLAY, OAK, BEECH)), MIST, False),
    "KIT-KNIFE": Drawing(partial(tools.knife, handle=(84, 60, 46)), BUTTER, False),
    "KIT-ROLLING-PIN": Drawing(
        partial(tools.rolling_pin, wood=BEECH), (172, 190, 186), False
    ),
    "KIT-MILL": Drawing(partial(tools.mill, wood=WALNUT), SAND),
    "TEX-CUSHION-RUST": Drawing(partial(textiles.cushion, cloth=RUST), MIST),
    "TEX-CUSHION-STRIPE": Drawing(
        partial(textiles.cushion, cloth=CREAM, stripes=NIGHT), (206, 214, 200)
    ),
    "TEX-BLANKET": Drawing(partial(textiles.blanket, cloth=SAGE, stripes=CREAM), ROSE),
    "TEX-TOWELS": Drawing(partial(textiles.towels, cloths=(SEA, RUST)), LEAF, False),
    "TEX-RUG": Drawing(
        partial(textiles.rug, wool=LINEN, pattern=NIGHT), (206, 176, 140), False
    ),
}


def drawing_of(sku: str) -> Picture:
    """Draw the product of that SKU."""
    drawing = DRAWINGS[sku]
    canvas = Canvas(drawing.wall)
    if drawing.has_floor:
        canvas.box(0, FLOOR, 100, 100, dark(drawing.wall, 0.1))
    drawing.draw(canvas)
    return canvas.encoded()
