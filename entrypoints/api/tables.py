"""Tables that a notebook shows, and that pyarrow and pandas take."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, final

import pyarrow as pa

from gliobench.domain.errors import MissingExtraError
from gliobench.domain.messages import printable

if TYPE_CHECKING:
    import pandas as pd

_SHOWN_ROWS = 20


@final
@dataclass(frozen=True, eq=False, repr=False)
class Table:
    """Rows under named columns.

    Args:
        arrow: The same as pyarrow's table.
    """

    arrow: pa.Table

    @property
    def columns(self) -> list[str]:
        """The names of the columns."""
        return list(self.arrow.column_names)

    def to_arrow(self) -> pa.Table:
        """Return the table of pyarrow."""
        return self.arrow

    def to_pandas(self) -> pd.DataFrame:
        """Return the table as a data frame of pandas.

        Raises:
            MissingExtraError: pandas is not installed.
        """
        try:
            return self.arrow.to_pandas()
        except ImportError as error:
            raise MissingExtraError(extra="pandas", purpose="to_pandas") from error

    def __len__(self) -> int:
        return int(self.arrow.num_rows)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.arrow.to_pylist())

    def __repr__(self) -> str:
        lines = [self.columns, *([_cell(value) for value in row.values()] for row in self._shown())]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        text = [
            "  ".join(f"{text:<{width}}" for text, width in zip(line, widths, strict=True)).rstrip()
            for line in lines
        ]
        return "\n".join([*text, *self._rest()])

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{escape(name)}</th>" for name in self.columns)
        rows = "".join(
            f"<tr>{''.join(f'<td>{escape(_cell(value))}</td>' for value in row.values())}</tr>"
            for row in self._shown()
        )
        rest = "".join(f"<p>{line}</p>" for line in self._rest())
        return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{rest}"

    def _shown(self) -> list[dict[str, Any]]:
        return list(self.arrow.slice(0, _SHOWN_ROWS).to_pylist())

    def _rest(self) -> list[str]:
        return [f"{_SHOWN_ROWS} of {len(self)} rows"] if len(self) > _SHOWN_ROWS else []


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else printable(str(value))
