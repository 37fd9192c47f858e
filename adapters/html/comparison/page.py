"""The comparison as one self-contained page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from markupsafe import Markup

from gliobench.adapters.html.casebook import page_scripts, page_style
from gliobench.adapters.html.comparison.as_report import as_report
from gliobench.adapters.html.comparison.bias import position_bias
from gliobench.adapters.html.comparison.calibration import calibration
from gliobench.adapters.html.comparison.cases import cases
from gliobench.adapters.html.comparison.cohort import cohort
from gliobench.adapters.html.comparison.controls import controls
from gliobench.adapters.html.comparison.failures import failures
from gliobench.adapters.html.comparison.glance import glance
from gliobench.adapters.html.comparison.grading import grading
from gliobench.adapters.html.comparison.lead import lead
from gliobench.adapters.html.comparison.localisation import localisation
from gliobench.adapters.html.comparison.methods import methods
from gliobench.adapters.html.comparison.provenance import provenance
from gliobench.adapters.html.comparison.stamps import stamps
from gliobench.adapters.html.comparison.strata import strata
from gliobench.adapters.html.page import environment, policy, text
from gliobench.adapters.html.reservations import marks, simulated
from gliobench.domain.comparison.result import Comparison

STYLES = ("colours.css", "style.css", "figures.css", "comparison.css")


@dataclass(frozen=True, slots=True)
class Section:
    """A section of the page, rendered by `templates/comparison/<name>.html`.

    Args:
        name: Name of its template and its anchor.
        title: Its heading.
        facts: The values of the template.
    """

    name: str
    title: str
    facts: Callable[[Comparison], Mapping[str, object]]

    def draw(self, comparison: Comparison) -> Markup:
        """Render it as HTML."""
        template = environment().get_template(f"comparison/{self.name}.html")
        # Escaped by the template.
        stamped = {"marks": marks(as_report(comparison))}
        return Markup(template.render(stamped | dict(self.facts(comparison))))  # noqa: S704


SECTIONS = (
    Section("glance", "At a glance", glance),
    Section("grading", "Grading", grading),
    Section("localisation", "Localisation", localisation),
    Section("bias", "Position bias: do answers depend on tumour position?", position_bias),
    Section("controls", "Controls: does the answer depend on the image?", controls),
    Section("calibration", "Calibration", calibration),
    Section("failures", "Failures", failures),
    Section("strata", "Subgroups", strata),
    Section("cases", "Cases", cases),
    Section("cohort", "Cohort and audits", cohort),
    Section("methods", "Methods text", methods),
    Section("provenance", "Provenance", provenance),
)
"""The page's sections in order; a new one needs a line here and a template."""


def render_comparison(comparison: Comparison) -> str:
    """Render a comparison as HTML, under the policy of `render_html`."""
    style = "".join(map(text, STYLES)) + page_style()
    scripts = page_scripts(comparison.casebook)
    return (
        environment()
        .get_template("comparison.html")
        .render(
            cohort=comparison.cohort,
            names=[arm.name for arm in comparison.arms],
            lead=lead(comparison),
            simulated=simulated(comparison.cohort),
            stamps=stamps(comparison),
            sections=[(section, section.draw(comparison)) for section in SECTIONS],
            # Ours, and hashed: the only style and the only scripts that the page may use.
            style=Markup(style),  # noqa: S704
            script=Markup(scripts[0]),  # noqa: S704
            policy=policy(style=style, scripts=scripts),
        )
    )
