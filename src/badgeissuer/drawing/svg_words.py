"""The words of SVG that uploaded art may use, and those for which it is refused. All others are left out or refused."""

from __future__ import annotations

from badgeissuer.vc.carriers import svg_content

# Filters are here as far as badges use them (shadows, glows); those that cost a renderer the most are not.
_ELEMENTS = (
    "circle clipPath defs ellipse feBlend feColorMatrix feComponentTransfer feComposite feDropShadow feFlood "
    "feFuncA feFuncB feFuncG feFuncR feGaussianBlur feMerge feMergeNode feOffset filter g line linearGradient marker "
    "mask path pattern polygon polyline radialGradient rect stop style svg symbol text textPath tspan use"
)
ELEMENTS = frozenset(_ELEMENTS.split())
# What is not drawn, or (titles) told by the alternative text that comes with the upload: it may name who drew it.
LEFT_OUT = frozenset(("metadata", "cursor", "view", "title", "desc"))
# In any case of letters. A picture within the drawing would be a second file, with dangers of its own.
_HARMFUL = (
    "a animate animatecolor animatemotion animatetransform audio base canvas discard embed feconvolvematrix "
    "fediffuselighting fedisplacementmap feimage femorphology fespecularlighting fetile feturbulence foreignobject "
    "form handler html iframe image img include input link listener meta mpath object script set source stylesheet "
    "video"
)
HARMFUL = frozenset(_HARMFUL.split())
# Elements of these are drawn or run by viewers; those of all others (editors' own) are ignored.
ACTIVE_NAMESPACES = svg_content.ACTIVE_NAMESPACES | {"", "http://www.w3.org/1999/xlink"}
TEXT = frozenset(("text", "textPath", "tspan"))

_GEOMETRY = (
    "amplitude azimuth clipPathUnits cx cy d dx dy elevation exponent filterUnits fr fx fy gradientTransform "
    "gradientUnits height in in2 intercept k1 k2 k3 k4 lengthAdjust markerHeight markerUnits markerWidth "
    "maskContentUnits maskUnits method mode offset operator orient pathLength patternContentUnits patternTransform "
    "patternUnits points preserveAspectRatio primitiveUnits r refX refY result rotate rx ry side slope spacing "
    "spreadMethod startOffset stdDeviation tableValues textLength transform type values viewBox width x x1 x2 y y1 y2"
)
# Presentation attributes, which are style properties too.
_PROPERTIES = (
    "alignment-baseline baseline-shift clip-path clip-rule color color-interpolation color-interpolation-filters "
    "direction display dominant-baseline fill fill-opacity fill-rule filter flood-color flood-opacity font-family "
    "font-size font-stretch font-style font-variant font-weight isolation letter-spacing lighting-color marker "
    "marker-end marker-mid marker-start mask mask-type mix-blend-mode opacity overflow paint-order shape-rendering "
    "stop-color stop-opacity stroke stroke-dasharray stroke-dashoffset stroke-linecap stroke-linejoin "
    "stroke-miterlimit stroke-opacity stroke-width text-anchor text-decoration text-rendering transform "
    "transform-origin unicode-bidi vector-effect visibility word-spacing writing-mode"
)
PROPERTIES = frozenset(_PROPERTIES.split())
# Functions in values of attributes and styles. ``url`` has rules of its own.
_FUNCTIONS = (
    "blur brightness calc circle clamp color color-mix contrast cubic-bezier drop-shadow ellipse grayscale hsl hsla "
    "hue-rotate hwb icc-color inset invert lab lch matrix max min oklab oklch opacity path polygon rgb rgba rotate "
    "saturate scale scalex scaley sepia skewx skewy steps translate translatex translatey url"
)
FUNCTIONS = frozenset(_FUNCTIONS.split())
ATTRIBUTES = frozenset(_GEOMETRY.split()) | PROPERTIES
