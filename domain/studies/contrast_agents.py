"""How descriptions and tags say whether a contrast agent was given."""

from __future__ import annotations

from gliobench.domain.studies.descriptions import words

AGENT = r"(?:contrast\w*|kontrasz?t\w*|gad\w*|gd|km|ce|mdc|iv|inj\w*|enhanc\w*|контраст\w*|ку)"
_WITHOUT = (
    "without|w ?o(?:ut)?|minus|ohne|sans|sin|senza|sem|zonder|utan|uten|uden|ilman?|bez|be(?= kontr)|без"
    "|f[aă]r[aă]|χωρ[ιί]σ"
)
_BEFORE = (
    "no|non|not|(?<!com )(?<!p[oó]s )o|before|prior to|vor|voor|avant|antes|prima|f[oö]re|innan|før|przed"
    "|p[rř]ed|ennen|[iî]nainte|πριν|до"
)
_LINK = (
    "(?:(?:any|the|of|adm|administration|gabe|von|der|die|das|des?|del?|di|d[aou]|l[ae]?|[ei]l|iv|i v"
    "|produit|mezzo|medio|meio|injection|gadolinium|contrast) )*"
)
"""Words between these and the agent."""
_BEHIND = "[oö]ncesi|el[oő]tt|n[eé]lk[uü]l|(?:yok|no|none|nein)$"
"""Words behind the agent that take it back."""
ENHANCED = words(
    r"t1(c|ce|gd|gad|km|post)(?![a-z])",
    *(r"gado?\w*", r"gd(?![a-z])", r"ce(?![a-z])", r"c ?\+", r"km(?![a-z])", "mdc", "contra?st"),
    *("kontrasz?t", "inj", "enhanc", "dotarem", "magnevist", "omniscan", "prohance", "multihance"),
    *(r"post(?! ?(op|surg|treat|rt\b|radi|chemo|proc))", rf"(?:nach|after|apr[eè]s|dopo) {AGENT}"),
    *(r"c c(?![a-z])", "контраст", r"с ку\b", "после", "增强"),
    *("造影", "조영", r"\w* ?\+ ?(?:c|gd|km|iv|gado?\w*|contrast)(?![a-z])", r"\w+ ?\+$"),
)
"""Words for a contrast agent, in descriptions without the words of `PLAIN`."""
PLAIN = words(
    r"t1(n|nativ|pre)(?![a-z])",
    rf"(?:{_WITHOUT}|{_BEFORE}) {_LINK}{AGENT}",
    rf"{AGENT} (?:{_BEHIND})",
    r"(?:okm|[ck]ontrasts[iı]z|non ?con|no c)(?![a-z])",
    rf"pr[eé](?: ?{AGENT}|(?![a-z]))(?! ?(op|surg|treat|scan))",
    rf"(?:native?|nativo|nativa|unenhanced|noncontrast|precontrast)(?: ?{AGENT})?",
    *("平扫", "非?造影前", "非造影", "(增|増)强?強?前", "未增强", "単純", "조영 ?전"),
)
"""Words for its absence."""
BOTH = words(
    r"w(?:ith)?(?: and| or)? w(?:ith)? ?o(?:ut)?(?![a-z])",
    r"w(?:ith)? ?o(?:ut)?(?: and| or)? w(?:ith)?(?![a-z])",
    r"(?:mit|avec|con|com) (?:und|oder|u|et|ou|y|o|e)? ?(?:ohne|sans|sin|senza|sem)(?![a-z])",
    r"(?:ohne|sans|sin|senza|sem) (?:und|oder|u|et|ou|y|o|e)? ?(?:mit|avec|con|com)(?![a-z])",
)
"""Words for images before and after it, or either of them."""
NO_AGENT = words(
    rf"(?:{_WITHOUT}|no|non(?! ?ionic)|none|not|nil|nein|keine?s?|nessun|aucun|ningun|na|n a|n|0|0[.,]?0* ?ml"
    r"|unenhanced|native?)(?![a-z0-9])"
)
"""How the name of an agent begins where none was given."""
UNKNOWN_AGENT = frozenset({"unknown", "unbekannt", "inconnu", "other", "yes or no", "?", "x"})
"""Names of an agent that state nothing."""
