"""The paper and the paints of the demo's drawings."""

from io import BytesIO

from PIL import Image, ImageDraw

from orderchainer.core.pictures import Picture

Colour = tuple[int, int, int]
Point = tuple[float, float]

# Pixels of the finished picture. It is drawn twice as wide, so that its edges are smooth.
SIDE = 512
# Where a wall meets the floor, and where things stand on that.
FLOOR = 72.0
STAND = 84.0

OAK = (201, 154, 99)
ASH = (222, 194, 152)
WALNUT = (120, 79, 52)
BEECH = (224, 178, 132)
BLACK = (52, 50, 54)
STEEL = (150, 156, 164)
BRASS = (206, 160, 70)
PINE = (52, 104, 86)
MOSS = (107, 128, 74)
RUST = (190, 92, 60)
MUSTARD = (222, 168, 52)
NIGHT = (44, 62, 96)
LINEN = (238, 226, 204)
CREAM = (248, 241, 226)
STONE = (176, 170, 162)
SAGE = (150, 176, 148)
CLAY = (198, 122, 88)
SEA = (74, 134, 160)
GLOW = (255, 232, 164)
GLOW_AROUND = (250, 186, 106)

# Walls.
SAND = (240, 228, 210)
MIST = (218, 230, 234)
ROSE = (244, 220, 210)
DUSK = (74, 80, 104)
LEAF = (222, 232, 214)
BUTTER = (250, 236, 200)


def mixed(colour: Colour, other: Colour, share: float) -> Colour:
    """Return `colour` with that share of `other` in it, from 0 to 1."""
    red, green, blue = (
        round(one + (two - one) * share) for one, two in zip(colour, other, strict=True)
    )
    return red, green, blue


def light(colour: Colour, share: float = 0.3) -> Colour:
    """Return the colour as it is in the light."""
    return mixed(colour, (255, 255, 255), share)


def dark(colour: Colour, share: float = 0.22) -> Colour:
    """Return the colour as it is in the shade."""
    return mixed(colour, (38, 28, 36), share)


class Canvas:
    """A room with a wall and a floor, in which things are drawn from back to front."""

    def __init__(self, wall: Colour) -> None:
        self.wall = wall
        self._scale = SIDE * 2 / 100
        self._image = Image.new("RGB", (SIDE * 2, SIDE * 2), wall)
        self._draw = ImageDraw.Draw(self._image)

    def _pixels(self, *points: Point) -> list[Point]:
        return [(x * self._scale, y * self._scale) for x, y in points]

    def box(
        self,
        left: float,
        top: float,
        right: float,
        bottom: float,
        colour: Colour,
        *,
        radius: float = 0.0,
    ) -> None:
        """Fill an upright rectangle, with round corners where `radius` says so."""
        self._draw.rounded_rectangle(
            self._pixels((left, top), (right, bottom)),
            radius * self._scale,
            fill=colour,
        )

    def oval(
        self, x: float, y: float, width: float, height: float, colour: Colour
    ) -> None:
        """Fill an ellipse around a middle."""
        self._draw.ellipse(
            self._pixels(
                (x - width / 2, y - height / 2), (x + width / 2, y + height / 2)
            ),
            fill=colour,
        )

    def shape(self, colour: Colour, *points: Point) -> None:
        """Fill a polygon."""
        self._draw.polygon(self._pixels(*points), fill=colour)

    def line(self, colour: Colour, width: float, *points: Point) -> None:
        """Draw a line with round ends and joints."""
        pixels, thick = self._pixels(*points), width * self._scale
        self._draw.line(pixels, fill=colour, width=round(thick))
        for x, y in pixels:
            self._draw.ellipse(
                (x - thick / 2, y - thick / 2, x + thick / 2, y + thick / 2),
                fill=colour,
            )

    def arc(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        colour: Colour,
        *,
        thick: float,
        start: float,
        end: float,
    ) -> None:
        """Draw a part of an ellipse, from one angle to another in degrees, clockwise from three o'clock."""
        self._draw.arc(
            self._pixels(
                (x - width / 2, y - height / 2), (x + width / 2, y + height / 2)
            ),
            start,
            end,
            fill=colour,
            width=round(thick * self._scale),
        )

    def shadow(self, x: float, y: float, width: float) -> None:
        """Let something stand on the floor."""
        self.oval(x, y, width, width * 0.16, dark(self.wall, 0.24))

    def glow(self, x: float, y: float, width: float) -> None:
        """Let something shine all round, most in its midst."""
        for share, size in ((0.12, 1.0), (0.24, 0.8), (0.4, 0.62)):
            colour = mixed(self.wall, GLOW_AROUND, share)
            self.oval(x, y, width * size, width * size, colour)

    def encoded(self) -> Picture:
        """Return the finished picture."""
        out = BytesIO()
        self._image.reduce(2).save(out, "JPEG", quality=88)
        return Picture(out.getvalue(), "jpg")
