"""Currencies: which there are, and how many decimals each one's money has.

Belongs here: ISO 4217 codes in use, and their minor units.
Does not belong here: reading amounts (``staging``), rates of exchange (nobody's here).

Source: ISO 4217, list one (SIX Financial Information, edition of 2024-06-25): alphabetic codes of
funds and metals left out. A code that is not here is refused with words rather than guessed.
"""

from typing import Final

import polars as pl

USD: Final = "USD"
USUAL: Final = 2
"""Decimals of every currency that is not named below."""
OTHER_DECIMALS: Final = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
WITH_TWO: Final = (
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD "
    "CAD CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD "
    "GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD "
    "MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP "
    "PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS "
    "TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VES WST XCD YER ZAR ZMW ZWG"
)
DECIMALS: Final[dict[str, int]] = {
    **dict.fromkeys(WITH_TWO.split(), USUAL),
    **{code: number for number, codes in OTHER_DECIMALS.items() for code in codes.split()},
}
"""By code: how many decimals an amount has; 10 to that power minor units make one."""


def minor_units(currency: pl.Expr) -> pl.Expr:
    """Minor units in one unit of each currency; null where the currency is not known."""
    powers = {code: float(10**number) for code, number in DECIMALS.items()}
    return currency.replace_strict(powers, default=None, return_dtype=pl.Float64)


def is_usd(currency: str = "currency") -> pl.Expr:
    """True where money is in US dollars; older reports do not name their currency and are."""
    return pl.col(currency).fill_null(USD) == USD
