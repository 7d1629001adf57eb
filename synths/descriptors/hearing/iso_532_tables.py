"""Tables of ISO 532-1:2017, annex A: stationary sounds (Zwicker), free field."""

LOW_BAND_LIMITS_DB = (45.0, 55.0, 65.0, 71.0, 80.0, 90.0, 100.0)
"""Upper ends, after correction, of all but the last of the eight ranges of third-octave levels."""

LOW_BAND_CORRECTIONS_DB = (
    (-32, -24, -16, -10, -5, 0, -7, -3, 0, -2, 0),
    (-29, -22, -15, -10, -4, 0, -7, -2, 0, -2, 0),
    (-27, -19, -14, -9, -4, 0, -6, -2, 0, -2, 0),
    (-25, -17, -12, -9, -3, 0, -5, -2, 0, -2, 0),
    (-23, -16, -11, -7, -3, 0, -4, -1, 0, -1, 0),
    (-20, -14, -10, -6, -3, 0, -4, -1, 0, -1, 0),
    (-18, -12, -9, -6, -2, 0, -3, -1, 0, -1, 0),
    (-15, -10, -8, -4, -2, 0, -3, -1, 0, -1, 0),
)
"""A row per range, a column per third octave from 25 to 250 Hz: how much less they count."""

LOW_BAND_GROUPS = (6, 3, 2)
"""How many of those third octaves make each of the three lowest critical bands."""

THRESHOLD_DB = (30, 18, 12, 8, 7, 6, 5, 4, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3)
"""Level at the threshold of hearing in each of twenty critical bands."""

EAR_DB = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -0.5, -1.6, -3.2, -5.4, -5.6, -4, -1.5, 2, 5, 12)
"""How much the outer and middle ear take away."""

CRITICAL_BAND_DB = (
    *(-0.25, -0.6, -0.8, -0.8, -0.5, 0, 0.5, 1.1, 1.5, 1.7),
    *(1.8, 1.8, 1.7, 1.6, 1.4, 1.2, 0.8, 0.5, 0, -0.5),
)
"""What a third octave holds more than the critical band that it stands for."""

BAND_ENDS_BARK = (
    *(0.9, 1.8, 2.8, 3.5, 4.4, 5.4, 6.6, 7.9, 9.2, 10.6, 12.3),
    *(13.8, 15.2, 16.7, 18.1, 19.3, 20.6, 21.8, 22.7, 23.6, 24.0),
)
"""Upper ends of the twenty critical bands and of the silent rest."""

SLOPE_RANGES_SONE = (
    *(0.0, 0.035, 0.1, 0.15, 0.22, 0.3, 0.42, 0.82, 1.36, 2.13),
    *(3.1, 4.4, 6.1, 9.0, 11.5, 15.1, 18.0, 21.5),
)
"""Specific loudness at which the slope towards higher frequencies changes."""

SLOPES = (
    (0.06, 0.05, 0.03, 0.02, 0.02, 0.02, 0.02, 0.02),
    (0.09, 0.08, 0.07, 0.06, 0.06, 0.06, 0.06, 0.05),
    (0.12, 0.11, 0.1, 0.08, 0.08, 0.08, 0.08, 0.08),
    (0.16, 0.15, 0.14, 0.12, 0.11, 0.11, 0.11, 0.11),
    (0.27, 0.21, 0.2, 0.18, 0.17, 0.17, 0.17, 0.17),
    (0.4, 0.33, 0.26, 0.24, 0.24, 0.22, 0.22, 0.22),
    (0.59, 0.53, 0.51, 0.5, 0.42, 0.42, 0.42, 0.42),
    (0.72, 0.67, 0.64, 0.63, 0.62, 0.62, 0.62, 0.62),
    (1.5, 1.2, 0.94, 0.86, 0.82, 0.82, 0.82, 0.82),
    (1.95, 1.45, 1.3, 1.15, 1.1, 1.1, 1.1, 1.1),
    (2.4, 1.7, 1.5, 1.35, 1.3, 1.3, 1.3, 1.3),
    (2.9, 2.3, 2.1, 1.9, 1.8, 1.7, 1.7, 1.7),
    (3.7, 3.0, 2.8, 2.35, 2.2, 2.2, 2.2, 2.2),
    (4.5, 3.8, 3.6, 3.2, 2.9, 2.7, 2.7, 2.7),
    (6.2, 5.4, 4.6, 4.0, 3.5, 3.2, 3.2, 3.2),
    (7.8, 6.7, 5.6, 4.9, 4.4, 3.9, 3.9, 3.9),
    (9.0, 7.5, 6.0, 5.1, 4.5, 4.5, 4.5, 4.5),
    (13.0, 8.2, 6.3, 5.5, 5.5, 5.5, 5.5, 5.5),
)
"""Sone per Bark squared above each of those values; a column per band from the second to the ninth, which also serves
the bands above it."""
