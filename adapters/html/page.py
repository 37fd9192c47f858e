"""The comparison as one self-contained page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from markupsafe import Markup

from gliobench.adapters.html.casebook import case_section, page_scripts, page_style
from gliobench.adapters.html.lead import claims, verdict
from gliobench.adapters.html.sections.calibration import calibration
from gliobench.adapters.html.sections.cohort import cohort
from gliobench.adapters.html.sections.controls import controls
from gliobench.adapters.html.sections.failures import failures
from gliobench.adapters.html.sections.glance import glance
from gliobench.adapters.html.sections.grading import grading
from gliobench.adapters.html.sections.localisation import localisation
from gliobench.adapters.html.sections.methods import methods
from gliobench.adapters.html.sections.position_bias import position_bias
from gliobench.adapters.html.sections.provenance import provenance
from gliobench.adapters.html.sections.subgroups import subgroups
from gliobench.adapters.html.stamps import marks, simulated, stamps
from gliobench.adapters.html.templating import environment, policy, text
from gliobench.domain.comparison.report import Report

STYLES = ("colours.css", "style.css", "figures.css", "sections.css")


@dataclass(frozen=True, slots=True)
class Section:
    """A section of the page, rendered by `templates/sections/<name>.html`.

    Args:
        name: Name of its template and its anchor.
        title: Its heading.
        facts: The values of the template.
    """

    name: str
    title: str
    facts: Callable[[Report], Mapping[str, object]]

    def draw(self, report: Report) -> Markup:
        """Render it as HTML."""
        template = environment().get_template(f"sections/{self.name}.html")
        # Escaped by the template.
        stamped = {"marks": marks(report)}
        return Markup(template.render(stamped | dict(self.facts(report))))  # noqa: S704


SECTIONS = (
    Section("glance", "At a glance", glance),
    Section("grading", "Grading", grading),
    Section("localisation", "Localisation", localisation),
    Section("position_bias", "Position bias: do answers depend on tumour position?", position_bias),
    Section("controls", "Controls: does the answer depend on the image?", controls),
    Section("calibration", "Calibration", calibration),
    Section("failures", "Failures", failures),
    Section("subgroups", "Subgroups", subgroups),
    Section("cases", "Cases", lambda report: {"cases": case_section(report.casebook)}),
    Section("cohort", "Cohort and audits", cohort),
    Section("methods", "Methods text", methods),
    Section("provenance", "Provenance", provenance),
)
"""The page's sections in order; a new one needs a line here and a template."""


def render_report(report: Report) -> str:
    """Render a comparison as HTML, under the policy of `render_html`."""
    style = "".join(map(text, STYLES)) + page_style()
    scripts = page_scripts(report.casebook)
    return (
        environment()
        .get_template("page.html")
        .render(
            cohort=report.cohort,
            names=[arm.name for arm in report.arms],
            lead=" ".join([verdict(report), *claims(report)]),
            simulated=simulated(report.cohort),
            stamps=stamps(report),
            sections=[(section, section.draw(report)) for section in SECTIONS],
            # Ours, and hashed: the only style and the only scripts that the page may use.
            style=Markup(style),  # noqa: S704
            script=Markup(scripts[0]),  # noqa: S704
            policy=policy(style=style, scripts=scripts),
        )
    )
