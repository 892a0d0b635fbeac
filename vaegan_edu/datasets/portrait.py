"""How a face is drawn: signed distances, painted layer upon layer from the back to the front.

A signed distance tells how far a point is from the edge of a shape, below zero inside; a pixel's
coverage is read off it, so edges are smooth without any drawing library. The picture spans x and y
from -1 to 1, y downwards. The features of the face lie on a cylinder that turns with the head:
`Portrait.u` is the place on it that a pixel sees, so that they shift and foreshorten together.

Only elementary functions of moderate arguments are used, and every step between two values is
smoothed: machines that round differently give the same picture but for one grey level.
"""

import functools
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np

STRAND_KNOTS = 64  # of the random curve across the hair that tells one strand from the next
COARSE, FINE = 9, 41  # knots a side of the random fields for soft and for sharp detail
TEXTURE_SIZE = STRAND_KNOTS + COARSE**2 + FINE**2 + 4  # random numbers that one face takes

MAX_YAW = 0.36  # radians, at attribute 1
ZOOM = 1.1  # the head fills the picture
SHIFT = 0.05  # downwards
CENTRE = -0.10  # height of the widest part of the head
CHIN = 0.60
EYES = -0.05
MOUTH = 0.345

# Paths of colour (red, green, blue, 0-255) that an attribute from 0 to 1 walks along.
SKIN = [(251, 224, 204), (238, 194, 162), (208, 153, 114), (158, 108, 78), (110, 74, 56)]
HAIR = [
    (30, 26, 30),
    (66, 44, 36),
    (108, 66, 44),
    (152, 76, 44),
    (196, 118, 62),
    (214, 166, 96),
    (238, 210, 152),
]
IRIS = [
    (44, 26, 18),
    (96, 54, 26),
    (142, 92, 40),
    (128, 122, 58),
    (78, 130, 94),
    (66, 118, 142),
    (104, 150, 198),
]
SHIRT = [
    (42, 54, 96),
    (40, 112, 134),
    (92, 148, 104),
    (222, 176, 84),
    (204, 96, 74),
    (132, 66, 106),
]
FRAMES = [(30, 28, 34), (88, 48, 34), (34, 52, 92), (150, 112, 52)]
GREY = [(158, 158, 164), (230, 229, 228)]  # grey hair, from black hair's to blond hair's


def ellipse(x: np.ndarray, y: np.ndarray, a: Any, b: Any) -> np.ndarray:
    """Distance to an ellipse of half-axes a and b, to first order: its value over its gradient."""
    p, q = x / a, y / b
    value = np.sqrt(p * p + q * q)
    p, q = p / a, q / b
    return value * (value - 1.0) / (np.sqrt(p * p + q * q) + 1e-6)


def smoothstep(x: Any, low: float, high: float) -> Any:
    """From 0 at `low` to 1 at `high`, smoothly, and constant beyond."""
    t = np.clip((x - low) / (high - low), 0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)


def bump(x: Any, width: Any) -> Any:
    """A soft hill: 1 at x = 0, 0.37 at |x| = width."""
    x = x / width
    return np.exp(-x * x)


def walk(path: Sequence, t: Any) -> np.ndarray:
    """Colour (count, 3, 1, 1) in [0, 1] at place t (count, 1, 1) from 0 to 1 along a path."""
    knots = np.linspace(0.0, 1.0, len(path))
    channels = [np.interp(t[:, 0, 0], knots, channel) for channel in np.transpose(path)]
    return (np.stack(channels, axis=1) / 255.0).astype("float32")[:, :, None, None]


def tint(red: float, green: float, blue: float) -> np.ndarray:
    """A colour that all faces share, (3, 1, 1)."""
    return np.array([red, green, blue], "float32")[:, None, None]


WHITE = tint(1.0, 1.0, 1.0)


def mix(a: Any, b: Any, share: Any) -> Any:
    """Between a and b: a at share 0, b at share 1."""
    return a + share * (b - a)


@functools.lru_cache
def interpolation(size: int, knots: int) -> np.ndarray:
    """Matrix (size, knots) of the cubic B-spline from `knots` values to the mean of each pixel."""
    oversampling = 4
    points = (np.arange(size * oversampling) + 0.5) / (size * oversampling) * (knots - 3) + 1.0
    distance = abs(points[:, None] - np.arange(knots))
    near = 2 / 3 - distance**2 + distance**3 / 2
    far = np.clip(2 - distance, 0, None) ** 3 / 6
    weights = np.where(distance < 1, near, far)
    return weights.reshape(size, oversampling, knots).mean(axis=1).astype("float32")


class Portrait:
    """A few faces at once, drawn by `draw`.

    Args:
        attributes: mapping name -> (count,), every one of `faces.FACE_ATTRIBUTES`.
        texture: (count, TEXTURE_SIZE), float32 in [0, 1): what tells two faces of equal
            attributes apart.
        size: height and width in pixels.
    """

    def __init__(self, attributes, texture, size):
        self.size = size
        self.pixel = 2.0 / size / ZOOM
        self.shape = (len(texture), size, size)
        # Each (count, 1, 1): `self.face.smile`.
        self.face = SimpleNamespace(
            **{
                name: np.asarray(values, "float32")[:, None, None]
                for name, values in attributes.items()
            }
        )
        self._unpack(texture)
        self._place()
        self._mix_colours()
        self.canvas = np.ones((len(texture), 3, size, size), "float32")
        self.background = np.ones(self.shape, "float32")

    def draw(self) -> np.ndarray:
        """Return the pictures, (count, 3, size, size), float32 in [0, 1]."""
        self.paint_back_hair()
        self.paint_neck_and_shirt()
        self.paint_ears()
        self.paint_head()
        self.paint_cheeks_and_sockets()
        self.paint_age_lines()
        self.paint_nose()
        self.paint_beard()
        self.paint_mouth()
        self.paint_eyes()
        self.paint_hair()
        self.paint_brows()
        self.paint_glasses()
        self.paint_grain()
        return np.clip(self.canvas, 0.0, 1.0)

    # What everything else stands on.

    def _unpack(self, texture):
        parts = np.split(texture, np.cumsum([STRAND_KNOTS, COARSE**2, FINE**2]), axis=1)
        strands, coarse, fine, single = parts
        # Closed to a ring, so that the curve has no seam.
        self.strand_curve = np.concatenate([strands, strands[:, :1]], axis=1)
        self.coarse = self._field(coarse.reshape(-1, COARSE, COARSE))
        self.fine = self._field(fine.reshape(-1, FINE, FINE))
        self.undertone, self.parting, self.phase, self.frames = single.T[:, :, None, None]

    def _field(self, knots):
        """A random field (count, size, size), about -1 to 1, smooth between its knots."""
        matrix = interpolation(self.size, knots.shape[-1])
        return 2.6 * (matrix @ knots @ matrix.T - 0.5)

    def _place(self):
        centres = (np.arange(self.size, dtype="float32") + 0.5) * self.pixel - 1.0 / ZOOM
        x, self.y = centres[None, None, :], centres[None, :, None] - SHIFT / ZOOM
        self.turn, cos = np.sin(MAX_YAW * self.face.yaw), np.cos(MAX_YAW * self.face.yaw)
        self.half_width = 0.455 + 0.09 * self.face.head_width
        below = smoothstep(self.y, CENTRE, CHIN)
        # The head turns around the neck: the chin leads, the crown stays behind.
        self.x = x - self.turn * (0.03 + 0.20 * below)
        taper = (0.34 - 0.38 * self.face.jaw_width) * below
        self.outline = self.half_width * (1.0 - taper)
        radius = 1.06 * mix(self.half_width, self.outline, 0.6)
        around = np.clip(self.x, -0.97 * radius, 0.97 * radius)
        depth = np.sqrt(radius * radius - around * around)
        # Beyond the edge of the cylinder it goes on in a plane, so that no line is drawn out there.
        self.u = around * cos - depth * self.turn + (self.x - around)
        self.across = abs(self.u)  # the face is symmetric
        height = np.where(self.y < CENTRE, 0.64, CHIN - CENTRE).astype("float32")
        self.head = ellipse(self.x, self.y - CENTRE, self.outline, height)
        self.straight_x = x
        self.inside = self.cover(self.head)
        # Lambert's law on the ellipsoid that the head nearly is.
        nx, ny = self.x / self.outline, (self.y - CENTRE) / height
        nz = np.sqrt(np.clip(1.0 - nx * nx - ny * ny, 0.04, 1.0))
        self.lambert = 0.62 * self.face.light * nx - 0.38 * ny + 0.68 * nz

    def _mix_colours(self):
        undertone = (self.undertone - 0.5)[..., None] * tint(0.03, 0.0, -0.04)
        skin = walk(SKIN, self.face.skin_tone) * (1.0 + undertone)
        self.skin = skin
        self.skin_light = skin + 0.16 * (tint(1.0, 0.95, 0.86) - skin)
        self.skin_dark = skin * tint(0.72, 0.61, 0.59)
        self.skin_deep = skin * tint(0.42, 0.30, 0.29)
        self.lips = mix(skin, skin * tint(0.90, 0.56, 0.58), 0.85)
        self.lips = mix(self.lips, tint(0.72, 0.30, 0.32), 0.22)
        grey = self.face.grey_hair[..., None]
        self.hair = mix(
            walk(HAIR, self.face.hair_colour), walk(GREY, self.face.hair_colour), 0.9 * grey
        )

    def rows(self, top: float, bottom: float) -> slice:
        """Slice of the pixel rows whose centres lie between two heights."""
        first, last = np.searchsorted(self.y[0, :, 0], [top, bottom])
        return slice(int(first), int(last))

    def cover(self, distance: np.ndarray) -> np.ndarray:
        """Share of each pixel that a shape covers, from its signed distance."""
        return np.clip(0.5 - distance / self.pixel, 0.0, 1.0)

    def paint(self, colour: Any, alpha: np.ndarray, rows: slice = slice(None)) -> None:
        """Lay `colour` (count, 3, 1 or rows, 1 or columns) over the canvas."""
        part = self.canvas[:, :, rows]
        part += alpha[:, None] * (colour - part)

    def paint_outward(self, colour: Any, alpha: np.ndarray, rows: slice = slice(None)) -> None:
        """Paint what may reach beyond all that was painted before, over the background."""
        self.paint(colour, alpha, rows)
        self.background[:, rows] *= 1.0 - alpha

    def paint_inside(self, colour: Any, alpha: np.ndarray, rows: slice) -> None:
        """Paint on the skin of the face alone."""
        self.paint(colour, alpha * self.inside[:, rows], rows)

    def strands(self, place: Any) -> np.ndarray:
        """The random curve across the hair at `place`, one knot every whole number; 0 to 1."""
        knot = np.floor(place)
        share = place - knot
        index = knot.astype("int32") & (STRAND_KNOTS - 1)
        index += np.arange(len(index), dtype="int32")[:, None, None] * (STRAND_KNOTS + 1)
        flat = self.strand_curve.ravel()
        return mix(flat[index], flat[index + 1], share)

    # From the back to the front.

    def _hair_shape(self):
        """Outer distance of the hair, its strands, and the height at which it ends."""
        length, curl = self.face.hair_length, self.face.hair_curl
        grown = smoothstep(length, 0.0, 0.35)
        volume = 0.005 + grown * (0.045 + 0.05 * length + curl * (0.05 + 0.11 * length))
        x = self.x + 0.07 * self.turn
        fall = length * (1.0 - 0.30 * curl * smoothstep(length, 0.2, 1.0))
        end = -0.10 + 1.05 * fall
        from_top = np.clip(self.y + 0.95, 0.02, None)
        part = 0.22 * (self.parting - 0.5)
        place = (x - part) / np.sqrt(from_top)
        wave = np.sin(15.0 * self.y + 6.3 * self.phase + 2.5 * self.coarse)
        place = place + curl * grown * 0.07 * wave
        strand = 0.62 * self.strands(15.0 * place + 32.0) + 0.38 * self.strands(31.0 * place + 7.0)
        coils = np.clip(0.5 + 0.75 * self.fine, 0.0, 1.0)
        strand = mix(strand, coils, 0.7 * curl * curl)
        taper = 1.0 - (0.16 + 0.1 * curl) * smoothstep(self.y, end - 0.35, end + 0.05)
        width = (self.half_width + volume) * taper
        crown = 0.645 + 0.75 * volume * (1.0 - 0.9 * smoothstep(self.face.hairline, 0.6, 1.0))
        outer = ellipse(x, np.minimum(self.y - CENTRE, 0.0), width, crown)
        outer = outer - grown * (curl * 0.045 * self.coarse + 0.02 * (strand - 0.5))
        ending = self.y - end + 0.09 * (grown + 0.3) * (0.5 - strand)
        return outer, ending, strand

    def _hair_colour(self, strand, light):
        sheen = bump(self.y + 0.52 - 0.1 * light + 0.06 * self.coarse, 0.13)
        contrast = 0.62 - 0.24 * self.face.hair_colour  # the same share of light is more to see
        tone = 0.81 + contrast * (strand - 0.5) + 0.22 * (light - 0.5)
        shine = sheen * (0.10 + 0.22 * strand) * (1.0 - 0.6 * self.face.hair_curl)
        colour = self.hair * tone[:, None]
        return colour + shine[:, None] * (0.25 + 0.55 * self.hair)

    def paint_back_hair(self) -> None:
        self.hair_outer, self.hair_end, self.strand = self._hair_shape()
        back = np.maximum(self.hair_outer, self.hair_end)
        back = back + 0.1 * (1.0 - smoothstep(self.face.hair_length, 0.0, 0.2))  # cropped: none
        self.paint_outward(0.62 * self._hair_colour(self.strand, 0.3), self.cover(back))

    def paint_neck_and_shirt(self) -> None:
        rows = self.rows(0.3, 1.0)
        y, x = self.y[:, rows], self.straight_x - 0.04 * self.turn
        side = abs(x)
        half_width = 0.22 + 0.05 * self.face.head_width
        neck = side - half_width - 0.55 * np.clip(y - 0.57, 0.0, None)
        shade = np.clip(0.55 + 0.9 * self.face.light * x, 0.0, 1.0)
        under_chin = np.clip(1.0 - (y - 0.45) / 0.33, 0.0, 1.0) * 0.75
        colour = mix(self.skin_dark, self.skin, (shade * (1.0 - under_chin))[:, None])
        self.paint_outward(colour, self.cover(neck), rows)
        shoulder = 0.655 + 0.42 * smoothstep(side, 0.10, 1.20)
        collar = ellipse(x, y - 0.655, 0.27, 0.16)
        shirt = np.maximum(shoulder - y, -collar)
        weave = 0.06 * self.fine[:, rows] + 0.06 * np.cos(75.0 * x)
        tone = 0.86 + 0.28 * self.face.light * x + weave - 0.22 * bump(collar, 0.045)
        colour = walk(SHIRT, self.face.shirt_colour) * tone[:, None]
        self.paint_outward(colour, self.cover(shirt), rows)

    def paint_ears(self) -> None:
        rows = self.rows(-0.2, 0.25)
        y = self.y[:, rows] - 0.04
        for side in (-1.0, 1.0):
            away = np.clip(side * self.turn, 0.0, None)  # of the ear that turns behind the head
            x = self.x[:, rows] - side * (self.half_width * (0.99 - 0.25 * away) + 0.02)
            ear = ellipse(x + side * 0.12 * y, y, 0.068, 0.135)
            shade = np.clip(0.62 + 0.42 * side * self.face.light, 0.0, 1.0)
            colour = mix(self.skin_dark, self.skin, shade[..., None])
            self.paint_outward(colour, self.cover(ear), rows)
            inner = 0.55 * smoothstep(-ellipse(x, y + 0.01, 0.04, 0.09), -0.02, 0.03)
            self.paint(self.skin_dark * 0.92, inner, rows)

    def paint_head(self) -> None:
        tone = smoothstep(self.lambert + 0.035 * self.coarse, -0.10, 0.98)[:, None]
        colour = np.where(
            tone < 0.55,
            mix(self.skin_dark, self.skin, tone / 0.55),
            mix(self.skin, self.skin_light, (tone - 0.55) / 0.45),
        )
        colour *= 1.0 + 0.028 * self.fine[:, None]
        self.paint_outward(colour, self.inside)

    def paint_cheeks_and_sockets(self) -> None:
        rows = self.rows(-0.45, 0.65)
        across, y = self.across[:, rows], self.y[:, rows]
        rise = 0.03 * self.face.smile
        rose = mix(self.skin, tint(0.86, 0.36, 0.34), 0.55)
        cheek = bump(across - 0.27, 0.11) * bump(y - 0.16 + rise, 0.09)
        self.paint_inside(rose, 0.42 * cheek, rows)
        socket = bump(across - 0.19, 0.11) * bump(y - EYES + 0.055, 0.075)
        self.paint_inside(self.skin_dark, 0.34 * socket, rows)
        chin = bump(across, 0.12) * bump(y - 0.465, 0.03)
        self.paint_inside(self.skin_dark, 0.35 * chin, rows)

    def paint_age_lines(self) -> None:
        rows = self.rows(-0.62, 0.5)
        across, y = self.across[:, rows], self.y[:, rows]
        wavy = y + 0.05 * across - 0.012 * self.coarse[:, rows]
        forehead = sum(bump(wavy - height, 0.013) for height in (-0.49, -0.41, -0.335))
        forehead = forehead * bump(across, 0.24)
        # From the wing of the nose to beside the corner of the mouth.
        fold = across - 0.125 - 0.30 * (y - 0.17) - 0.03 * self.face.smile
        fold = bump(fold, 0.016) * smoothstep(y, 0.13, 0.19) * (1.0 - smoothstep(y, 0.36, 0.45))
        bag = y - EYES - 0.125 + 2.7 * (across - 0.2) ** 2
        bag = bump(bag, 0.014) * bump(across - 0.20, 0.085)
        beyond = smoothstep(across, 0.33, 0.35) * (1.0 - smoothstep(across, 0.40, 0.44))
        crow = sum(
            bump(y - EYES - 0.01 - slope * (across - 0.31), 0.011) for slope in (-0.55, 0.0, 0.55)
        )
        frown = bump(across - 0.035, 0.011) * bump(y + 0.2, 0.055)
        lines = np.clip(
            0.6 * forehead + fold + 0.7 * bag + 0.7 * beyond * crow + 0.35 * frown, 0, 1
        )
        self.paint_inside(
            mix(self.skin_dark, self.skin_deep, 0.3), 0.66 * self.face.age_lines * lines, rows
        )

    def paint_nose(self) -> None:
        rows = self.rows(-0.25, 0.32)
        y = self.y[:, rows]
        tip = 0.10 + 0.115 * self.face.nose_length
        down = np.clip((y - EYES + 0.05) / (tip - EYES + 0.05), 0.0, 1.0)
        lean = 0.16 * self.turn * down * down  # the tip stands out from the face
        u = self.u[:, rows] - lean
        across = abs(u)
        width = 0.042 + 0.078 * self.face.nose_width
        along = smoothstep(y, EYES - 0.08, EYES + 0.08) * (
            1.0 - smoothstep(y, tip - 0.02, tip + 0.05)
        )
        side = 0.035 + (width - 0.02) * down * down
        shadow_side = np.clip(
            0.35 - 0.75 * self.face.light * np.sign(u) * np.clip(across / 0.03, 0, 1), 0, 1
        )
        self.paint_inside(
            self.skin_dark, 0.62 * along * bump(across - side - 0.012, 0.03) * shadow_side, rows
        )
        self.paint_inside(
            self.skin_light, 0.55 * along * bump(u - 0.01 * self.face.light, 0.022), rows
        )
        under = bump(y - tip - 0.03, 0.022) * (1.0 - smoothstep(across, width, width + 0.04))
        self.paint_inside(self.skin_dark, 0.62 * under, rows)
        wing = ellipse(across - width, y - tip + 0.008, 0.03, 0.036)
        wing = bump(wing, 0.014) * smoothstep(across - width, -0.005, 0.02)
        self.paint_inside(self.skin_dark, 0.9 * wing, rows)
        nostril = ellipse(
            across - 0.55 * width - 0.005, y - tip - 0.018, 0.012 + 0.25 * width, 0.015
        )
        self.paint_inside(self.skin_deep, 0.85 * self.cover(nostril), rows)
        light = bump(u - 0.015 * self.face.light, 0.026) * bump(y - tip + 0.03, 0.024)
        self.paint_inside(self.skin_light * 1.08, 0.55 * light, rows)

    def paint_beard(self) -> None:
        rows = self.rows(-0.1, 0.8)
        y, across = self.y[:, rows], self.across[:, rows]
        grown = self.face.beard
        hairs = 0.5 + 0.5 * self.fine[:, rows]
        strand = 0.55 * hairs + 0.45 * self.strands(26.0 * self.u[:, rows] + 9.0)
        free = ellipse(across, y - 0.06, 0.37, 0.345)  # cheeks and mouth
        jaw = np.maximum(-free, -0.08 - y)
        moustache = ellipse(across, y - 0.272 - 0.55 * across * across, 0.20, 0.036)
        chin = ellipse(across, y - 0.46, 0.12, 0.075)
        area = np.minimum(np.minimum(jaw, moustache), chin) - 0.03 * (strand - 0.5)
        beyond = self.head[:, rows] - 0.055 * smoothstep(grown, 0.4, 1.0) * smoothstep(y, 0.25, 0.5)
        alpha = (1.0 - smoothstep(area, -0.025, 0.025)) * self.cover(
            beyond - 0.02 * grown * (strand - 0.5)
        )
        thick = smoothstep(grown, 0.0, 0.75)
        alpha = alpha * smoothstep(y, -0.08, 0.14)
        alpha = alpha * np.clip(thick * (1.2 * thick + 1.1 * (strand - 0.2)), 0.0, 0.95)
        tone = 0.50 + 0.58 * strand + 0.2 * (self.lambert[:, rows] - 0.5)
        self.paint_outward(self.hair * tone[:, None], alpha, rows)

    def paint_mouth(self) -> None:
        rows = self.rows(0.18, 0.56)
        u = self.u[:, rows] - 0.03 * self.turn
        across = abs(u)
        opened = self.face.mouth_open
        smile = 1.2 * self.face.smile - 0.2
        half_width = 0.155 + 0.032 * smile - 0.012 * opened
        place = np.clip(across / half_width, 0.0, 1.3)
        arch = np.clip(1.0 - place * place, 0.0, 1.0)
        y = self.y[:, rows] - MOUTH + 0.09 * smile * (place * place - 0.35)
        gap = 0.062 * opened * arch
        full = 0.42 + 1.05 * self.face.lip_fullness
        bow = 1.0 - 0.32 * bump(across, 0.03)
        upper = 0.046 * full * np.sqrt(arch) * bow * (1.0 - 0.12 * smile)
        lower = 0.062 * full * np.sqrt(arch)
        lips = np.maximum(-y - 0.25 * gap - upper, y - gap - lower)
        lips = np.maximum(lips, across - half_width)
        inner = np.maximum(-y - 0.25 * gap, y - gap)
        under = bump(y - gap - lower - 0.02, 0.02) * arch
        self.paint_inside(self.skin_dark, 0.45 * under, rows)
        tone = 0.86 + 0.20 * smoothstep(y, -0.01, 0.01) + 0.05 * self.fine[:, rows]
        self.paint_inside(self.lips * tone[:, None], self.cover(lips), rows)
        gloss = bump(y - gap - 0.45 * lower, 0.013) * bump(u - 0.03 * self.face.light, 0.05)
        self.paint_inside(WHITE, 0.22 * gloss * arch, rows)
        mouth = self.cover(inner) * smoothstep(gap, 0.0, 0.015)
        self.paint_inside(tint(0.27, 0.09, 0.10), mouth, rows)
        teeth = np.maximum(inner, y - 0.05 * gap - 0.012)
        self.paint_inside(
            tint(0.96, 0.94, 0.91), self.cover(teeth) * smoothstep(gap, 0.008, 0.022), rows
        )
        line = abs(y + 0.25 * gap) - 0.007
        line = np.maximum(line, across - half_width - 0.018)
        self.paint_inside(self.skin_deep * 0.85, 0.85 * self.cover(line), rows)

    def _eye_frame(self, rows):
        """Place relative to the middle of each eye, towards the ear and down; its half-axes."""
        spacing = 0.158 + 0.082 * self.face.eye_spacing
        width = 0.088 + 0.032 * self.face.eye_size
        height = (0.042 + 0.034 * self.face.eye_size) * (1.0 - 0.14 * self.face.smile)
        return self.across[:, rows] - spacing, self.y[:, rows] - EYES, width, height

    def paint_eyes(self) -> None:
        rows = self.rows(-0.24, 0.14)
        p, q, width, height = self._eye_frame(rows)
        q = q + 0.06 * p  # the outer corner a little higher
        place = np.clip(p / width, -1.2, 1.2)
        arch = 1.0 - place * place
        slope = np.sqrt(1.0 + (2.0 * height * place / width) ** 2)
        upper, lower = (-q - height * arch) / slope, (q - 0.72 * height * arch) / slope
        eye = np.maximum(upper, lower)
        crease = bump(q + height * arch + 0.034, 0.013) * np.clip(arch + 0.3, 0.0, 1.0)
        self.paint_inside(self.skin_dark, 0.6 * crease, rows)
        white = self.cover(eye)
        tone = 0.97 - 0.20 * bump(upper, 0.022) - 0.08 * place * place
        self.paint_inside(tint(0.99, 0.985, 0.975) * tone[:, None], white, rows)
        # The iris looks where the face looks, a little back to the viewer.
        gaze = -0.05 * self.turn
        sign = np.sign(self.u[:, rows])
        r = np.sqrt((p - gaze * sign) ** 2 + (q + 0.004) ** 2)
        radius = 0.052 + 0.014 * self.face.eye_size
        iris = (
            walk(IRIS, self.face.eye_colour)
            * (1.08 - 0.45 * smoothstep(r, 0.6 * radius, radius))[:, None]
        )
        self.paint_inside(iris, white * self.cover(r - radius), rows)
        self.paint_inside(0.04 * WHITE, white * self.cover(r - 0.36 * radius), rows)
        glint_x = p * sign - gaze - 0.35 * radius * np.clip(3.0 * self.face.light, -1.0, 1.0)
        glint = np.sqrt(glint_x**2 + (q + 0.42 * radius) ** 2) - 0.30 * radius
        self.paint_inside(WHITE, 0.95 * white * self.cover(glint), rows)
        lashes = np.maximum(abs(upper) - 0.013 - 0.006 * place, abs(p) - 1.08 * width)
        lashes = np.maximum(lashes, q - 0.25 * height)
        dark = mix(self.skin_deep, 0.35 * self.hair, 0.5) * 0.55
        self.paint_inside(dark, 0.92 * self.cover(lashes), rows)
        below = np.maximum(abs(lower) - 0.007, abs(p) - 0.95 * width)
        self.paint_inside(
            self.skin_dark * 0.9, 0.6 * self.cover(below) * smoothstep(q, 0.0, 0.02), rows
        )

    def paint_hair(self) -> None:
        """The hair above and beside the face, and the shadow that it casts on it."""
        length = self.face.hair_length
        grown = smoothstep(length, 0.0, 0.3)
        line = -0.50 - 0.26 * self.face.hairline + 0.11 * grown * (1.0 - self.face.hairline)
        part = 0.30 * (self.parting - 0.5) * (1.0 - self.face.hairline)
        y = self.y - 0.05 + part * self.u
        opening = 0.86 * self.half_width * (1.0 + 0.10 * self.face.hairline)
        face = ellipse(self.u, np.minimum(y, 0.0), opening, 0.05 - line)
        fringe = 0.07 * grown * (self.strand - 0.5)
        front = np.maximum(np.maximum(self.hair_outer, self.hair_end), -face + fringe)
        shadow = 1.0 - smoothstep(front, 0.0, 0.10)
        self.paint(self.skin_dark, 0.55 * self.inside * shadow * grown)
        light = np.clip(self.lambert, 0.0, 1.0)
        light = light * (1.0 - 0.35 * bump(front, 0.05))
        cropped = 1.0 - smoothstep(length, 0.0, 0.22)
        stubble = 1.0 - smoothstep(np.maximum(self.hair_end, -face), -0.07, 0.03)
        alpha = mix(self.cover(front), 0.85 * stubble * self.cover(self.hair_outer), cropped)
        strand = mix(self.strand, 0.5 + 0.2 * self.fine, cropped)
        self.paint_outward(self._hair_colour(strand, light), alpha)
        self.uncovered = self.inside * (1.0 - alpha)

    def paint_brows(self) -> None:
        rows = self.rows(-0.5, -0.02)
        p, q, _, height = self._eye_frame(rows)
        place = np.clip(p / 0.13, -1.2, 1.2)
        y = q + height + 0.052 + 0.10 * self.face.brow_height
        y = y - (0.012 - 0.046 * self.face.brow_angle) * place - 0.03 * place * place
        thick = (0.009 + 0.033 * self.face.brow_thickness) * (
            1.0 - 0.45 * smoothstep(place, -0.4, 1.0)
        )
        hairs = 0.35 * self.fine[:, rows]
        brow = np.maximum(abs(y) - thick, abs(p) - 0.13) + 0.012 * hairs
        colour = mix(0.72 * self.hair, self.skin_deep, 0.28)
        self.paint_inside(colour * (1.0 + hairs)[:, None], 0.92 * self.cover(brow), rows)

    def paint_glasses(self) -> None:
        rows = self.rows(-0.3, 0.2)
        y = self.y[:, rows] - EYES - 0.015
        u = self.u[:, rows] - 0.05 * self.turn
        across = abs(u)
        spacing = 0.158 + 0.082 * self.face.eye_spacing
        frame = walk(FRAMES, self.frames)
        a, b = 0.152, 0.115
        rim = ellipse(across - spacing - 0.008, y, a, b)
        lens = self.cover(rim)
        streak = bump(across + y - spacing + 0.02, 0.035) + 0.6 * bump(
            across + y - spacing - 0.06, 0.018
        )
        self.paint(WHITE, self.face.glasses * lens * (0.07 + 0.20 * streak), rows)
        bridge = np.maximum(
            abs(y + 0.035 - 1.2 * across * across) - 0.012, across - spacing + a - 0.01
        )
        temple = np.maximum(abs(y + 0.03) - 0.012, spacing + a - across)
        temple = self.cover(temple) * self.uncovered[:, rows]  # it goes under the hair
        wire = np.minimum(abs(rim) - 0.012, bridge)
        self.paint_outward(frame, self.face.glasses * np.maximum(self.cover(wire), temple), rows)

    def paint_grain(self) -> None:
        """Fine grain everywhere but on the white background."""
        shift = np.roll(self.fine, 5, axis=1) * self.fine
        self.canvas += (0.016 * shift * (1.0 - self.background))[:, None]
