import pytest

from gliobench.domain.secrets import hidden


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("sftp://anna:geheim@host/run", "sftp://***@host/run"),
        ("az://c/run?sv=2024&sig=Zm9v%2Bbar", "az://c/run?***"),
        ("s3://KEY:se/cr+et@bucket/x", "s3://***@bucket/x"),
        ("https://anna@host/x", "https://***@host/x"),
        ("https://u:p@ss@host/x is gone", "https://***@host/x is gone"),
        ("abfs://c:word@account/run", "abfs://***@account/run"),
        ("http://host:8080/a@b", None),
        ("what is s3://a/b? yes", None),
        ("GET /x?X-Amz-Credential=AKIA/1&X-Amz-Signature=f00", None),
        ("AccountName=a;AccountKey=Zm9vYmFy==;x", "AccountName=a;AccountKey=***;x"),
        ("session_token: abc123", "session_token: ***"),
        ("abfs://container@account.dfs.core.windows.net/run", None),
        ("s3://bucket/tokens/run", None),
    ],
)
def test_credentials_are_hidden_and_all_else_is_shown(text: str, shown: str | None) -> None:
    if "X-Amz" in text:
        shown = "GET /x?X-Amz-Credential=***&X-Amz-Signature=***"

    assert hidden(text) == (shown or text)


def test_secrets_of_the_environment_are_hidden_wherever_they_turn_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG")
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", "Zm9vYmFyIQ==")
    monkeypatch.setenv("SHORT_TOKEN", "no")

    told = hidden("no key wJalrXUtnFEMI/K7MDENG and no Zm9vYmFyIQ==")

    assert told == "no key *** and no ***"
