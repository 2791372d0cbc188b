import pytest

from kdasync.kube.proxy import proxy_for

PROXY = "http://proxy.example:3128"


@pytest.mark.parametrize("exempt", ["10.96.0.0/12", "10.96.0.1", "*", "other, 10.96.0.1:6443"])
def test_an_exempt_address_needs_no_proxy(exempt: str) -> None:
    assert proxy_for("https://10.96.0.1:6443", {"HTTPS_PROXY": PROXY, "NO_PROXY": exempt}) is None


@pytest.mark.parametrize("exempt", ["example.com", ".example.com", "*.example.com"])
def test_an_exempt_domain_covers_its_hosts(exempt: str) -> None:
    assert proxy_for("https://api.example.com", {"https_proxy": PROXY, "no_proxy": exempt}) is None


@pytest.mark.parametrize("exempt", ["", "10.0.0.0/16", "ample.com", "other.com"])
def test_others_go_through_the_proxy(exempt: str) -> None:
    assert proxy_for("https://api.example.com", {"HTTPS_PROXY": PROXY, "NO_PROXY": exempt}) == PROXY


def test_without_a_variable_there_is_no_proxy() -> None:
    assert proxy_for("https://api.example.com", {"HTTP_PROXY": PROXY}) is None
