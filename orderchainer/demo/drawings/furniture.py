"""What one sits on, and tables and shelves."""

from orderchainer.demo.drawings.canvas import (
    BRASS,
    CLAY,
    CREAM,
    MOSS,
    MUSTARD,
    NIGHT,
    PINE,
    RUST,
    SEA,
    STAND,
    WALNUT,
    Canvas,
    Colour,
    dark,
    light,
)
from orderchainer.demo.drawings.ceramics import plant


def stool(canvas: Canvas, wood: Colour, *, height: float, rung: Colour) -> None:
    seat, spread = STAND - height, height * 0.16
    canvas.shadow(50, STAND + 1, 46 + spread)
    canvas.line(dark(wood, 0.34), 4, (50, seat), (50, STAND - 4))
    canvas.line(rung, 2.2, (36, STAND - height * 0.36), (64, STAND - height * 0.36))
    canvas.line(dark(wood, 0.12), 4.6, (38, seat + 2), (34 - spread, STAND))
    canvas.line(dark(wood), 4.6, (62, seat + 2), (66 + spread, STAND))
    canvas.oval(50, seat + 3, 44, 13, dark(wood))
    canvas.oval(50, seat, 44, 13, wood)
    canvas.oval(48, seat - 0.8, 30, 7, light(wood, 0.18))


def spindle_chair(canvas: Canvas, wood: Colour) -> None:
    canvas.shadow(50, STAND + 1, 56)
    canvas.line(dark(wood, 0.3), 3.6, (38, 58), (36, STAND - 6))
    canvas.line(dark(wood, 0.3), 3.6, (62, 58), (64, STAND - 6))
    canvas.arc(50, 40, 40, 52, dark(wood), thick=3.6, start=170, end=370)
    for number in range(7):
        foot = 36 + number * 4.7
        head = 50 + (foot - 50) * 1.12
        canvas.line(wood, 1.5, (head, 18 + abs(number - 3) ** 2 * 0.9), (foot, 56))
    canvas.line(wood, 4.2, (32, 60), (28, STAND))
    canvas.line(dark(wood, 0.16), 4.2, (68, 60), (72, STAND))
    canvas.oval(50, 60, 48, 13, dark(wood))
    canvas.oval(50, 57.5, 48, 13, light(wood, 0.16))


def shell_chair(canvas: Canvas, shell: Colour, *, legs: Colour) -> None:
    canvas.shadow(50, STAND + 1, 54)
    for foot, hip in ((30, 36), (70, 64), (38, 40), (62, 60)):
        canvas.line(legs, 2.2, (hip, 58), (foot, STAND - (0 if hip in (36, 64) else 6)))
    canvas.box(29, 18, 71, 50, dark(shell, 0.14), radius=13)
    canvas.box(31, 18, 67, 47, shell, radius=12)
    canvas.box(44, 24, 56, 28, dark(shell, 0.4), radius=2)
    canvas.box(26, 51, 74, 61, dark(shell), radius=5)
    canvas.box(26, 49.5, 74, 57.5, light(shell, 0.16), radius=4)


def armchair(canvas: Canvas, wool: Colour, *, legs: Colour) -> None:
    canvas.shadow(50, STAND + 1, 78)
    for x in (26, 74):
        canvas.line(legs, 4, (x, 72), (x + (x - 50) * 0.08, STAND))
    canvas.box(24, 20, 76, 72, dark(wool, 0.16), radius=12)
    canvas.box(29, 24, 71, 60, wool, radius=9)
    canvas.line(dark(wool, 0.2), 0.8, (50, 27), (50, 54))
    canvas.box(30, 52, 70, 68, light(wool, 0.17), radius=6)
    canvas.box(15, 44, 31, 76, wool, radius=8)
    canvas.box(69, 44, 85, 76, dark(wool, 0.1), radius=8)
    canvas.box(17, 45.5, 28, 52, light(wool, 0.16), radius=4)
    canvas.box(72, 45.5, 83, 52, light(wool, 0.08), radius=4)


def bench(canvas: Canvas, wood: Colour) -> None:
    canvas.shadow(50, STAND + 1, 84)
    canvas.box(22, 72, 78, 75, dark(wood, 0.34))
    for x, colour in ((17, wood), (76, dark(wood, 0.14))):
        canvas.box(x, 55, x + 7, STAND, colour, radius=1)
    canvas.box(11, 50, 89, 57, wood, radius=1.5)
    canvas.box(11, 50, 89, 52.4, light(wood), radius=1.2)
    for x, colour in ((36, RUST), (43, NIGHT)):
        canvas.box(x, 69, x + 6, 72.4, colour, radius=1.6)


def pouf(canvas: Canvas, wool: Colour) -> None:
    canvas.shadow(50, STAND, 68)
    canvas.box(18, 44, 82, STAND + 1, dark(wool, 0.1), radius=19)
    canvas.box(20, 44, 74, STAND - 3, wool, radius=18)
    for row in range(4):
        for column in range(9 - row % 2):
            x = 23 + column * 6.3 + row % 2 * 3.1
            y = 57 + row * 6.2
            canvas.line(dark(wool, 0.24), 1.1, (x, y), (x + 1.9, y + 2.6), (x + 3.8, y))
    canvas.oval(50, 50, 58, 15, light(wool, 0.22))
    canvas.oval(50, 50.4, 9, 2.6, dark(wool, 0.2))


def dining_table(canvas: Canvas, wood: Colour, *, legs: Colour) -> None:
    canvas.shadow(50, STAND + 1, 90)
    for behind in (27, 73):
        canvas.line(dark(legs, 0.3), 2.6, (behind, 52), (behind, STAND - 8))
    canvas.shape(light(wood, 0.14), (17, 44), (83, 44), (93, 52), (7, 52))
    for x in (30.5, 43.5, 56.5, 69.5):
        canvas.line(dark(wood, 0.06), 0.5, (x, 44.5), (50 + (x - 50) * 1.3, 51.5))
    canvas.box(7, 52, 93, 56, dark(wood, 0.06), radius=0.8)
    for x in (13, 87):
        canvas.line(legs, 3.2, (x, 57), (x, STAND))


def bistro_table(canvas: Canvas, top: Colour, *, foot: Colour) -> None:
    canvas.shadow(50, STAND + 1, 50)
    canvas.oval(50, STAND - 1.2, 38, 9, foot)
    canvas.oval(50, STAND - 2.6, 32, 6, light(foot, 0.14))
    canvas.box(47.6, 46, 52.4, STAND - 2, foot)
    canvas.oval(50, 47, 66, 17, dark(top, 0.3))
    canvas.oval(50, 44.6, 66, 17, top)
    canvas.oval(50, 44.2, 60, 14, light(top, 0.12))
    canvas.oval(57, 43, 14, 4.6, CREAM)
    canvas.shape(CREAM, (52.6, 36), (61.4, 36), (60, 43), (54, 43))
    canvas.oval(57, 36, 8.8, 2.6, WALNUT)


def desk(canvas: Canvas, wood: Colour) -> None:
    canvas.shadow(50, STAND + 1, 88)
    for behind in (22, 78):
        canvas.line(dark(wood, 0.4), 3, (behind, 58), (behind, STAND - 7))
    canvas.shape(light(wood, 0.2), (15, 43), (85, 43), (92, 49), (8, 49))
    canvas.box(8, 49, 92, 61, wood, radius=1)
    for left in (12, 52):
        canvas.box(left, 51.5, left + 36, 59, dark(wood, 0.16), radius=0.8)
        canvas.oval(left + 18, 55.2, 3.4, 3.4, BRASS)
    for x in (11.5, 88.5):
        canvas.line(dark(wood, 0.12), 3.6, (x, 61), (x, STAND))
    for number, colour in enumerate((RUST, CREAM, PINE)):
        canvas.box(
            20, 41 - number * 3, 36 - number * 2, 44 - number * 3, colour, radius=0.6
        )


def tray_table(canvas: Canvas, tray: Colour, *, legs: Colour) -> None:
    canvas.shadow(50, STAND + 1, 56)
    canvas.line(dark(legs, 0.3), 3, (50, 50), (50, STAND - 6))
    canvas.line(legs, 3.4, (36, 52), (27, STAND))
    canvas.line(dark(legs, 0.12), 3.4, (64, 52), (73, STAND))
    canvas.oval(50, 49, 60, 17, dark(tray, 0.26))
    canvas.oval(50, 46, 60, 17, tray)
    canvas.oval(50, 47, 54, 13, dark(tray, 0.1))
    canvas.box(44, 30, 52, 47, SEA, radius=3)
    canvas.oval(48, 30.6, 6.4, 2, dark(SEA, 0.4))


def wall_shelf(canvas: Canvas, wood: Colour, *, brackets: Colour) -> None:
    for x in (24, 76):
        canvas.line(brackets, 1.8, (x, 56), (x, 68), (x + 1, 57))
        canvas.box(x - 1.4, 54, x + 1.4, 70, brackets, radius=1)
    canvas.box(9, 50, 91, 56, dark(wood, 0.1), radius=1)
    canvas.box(9, 50, 91, 52.6, light(wood, 0.2), radius=1)
    spines = ((NIGHT, 21), (RUST, 24), (CREAM, 19), (PINE, 23), (MUSTARD, 20))
    for number, (colour, height) in enumerate(spines):
        canvas.box(
            16 + number * 4.6, 50 - height, 20.2 + number * 4.6, 50, colour, radius=0.6
        )
    plant(canvas, 72, 50, CLAY, size=0.62)


def bookcase(canvas: Canvas, wood: Colour) -> None:
    canvas.shadow(50, STAND + 1, 60)
    canvas.box(26, 12, 74, STAND, dark(wood, 0.36))
    colours = (NIGHT, RUST, CREAM, PINE, MUSTARD, SEA, CLAY, MOSS)
    for level in range(5):
        bottom = 26 + level * 14
        x, number = 29.0, level * 3
        while x < 62 - level % 3 * 6:
            height = 8 + (number * 7 + level) % 4
            canvas.box(
                x, bottom - height, x + 3, bottom, colours[number % 8], radius=0.4
            )
            x, number = x + 3.5, number + 1
        canvas.box(26, bottom, 74, bottom + 2.2, wood)
    for x in (24, 72.6):
        canvas.box(x, 9, x + 3.6, STAND, light(wood, 0.12), radius=1)
