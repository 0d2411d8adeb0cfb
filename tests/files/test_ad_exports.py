"""Reports of ads as people have them, read as they are.

Belongs here: each language and shape, totals, periods, currencies, what is asked or refused.
Does not belong here: our own format (``test_ads``).
"""

import json
import random
from csv import reader as csv_rows
from datetime import UTC, date, datetime

import pytest
from polars.testing import assert_frame_equal

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.files.ads import AdReading, read_ad_files
from layers_pipeline.files.inspection import inspect_file
from layers_pipeline.files.options import told_of
from tests.files.samples import csv, workbook, zipped

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
ONE, TWO = "120235309548440123", "120226021848130124"
DAYS = (date(2025, 8, 13), date(2025, 8, 13), date(2025, 8, 12))
MEASURES = (
    "ad_id", "spent_on", "currency", "spend_cents", "impressions", "clicks", "conversions",
    "conversion_value_cents",
)  # fmt: skip


def rows(currency):
    return [
        (ONE, DAYS[0], currency, 148_631, 214_273, 1_353, 105, 289_565),
        (TWO, DAYS[1], currency, 980, 606, 1, None, None),
        (ONE, DAYS[2], currency, 0, 0, None, 2, 6_700),
    ]


def read(path, *, platform=None, day=None, format_name=None, **options):
    reading = AdReading(
        ad_platform=platform,
        spent_on=day,
        is_history=False,
        read_at=NOW,
        run_id="r",
        told=told_of(options, time_zone=None, now=NOW),
        format_name=format_name,
    )
    return read_ad_files(path, reading)


def one(path, **options):
    (file,) = read(path, **options)
    return file


def shown(file):
    return file.sound.select(MEASURES).rows()


def refusal(path, **options):
    with pytest.raises(InputRefusedError) as refused:
        read(path, **options)
    return str(refused.value)


@pytest.fixture
def saved(tmp_path):
    def save(content, name="report.csv"):
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return save


HEADERS = {
    "en": (
        'Day,"Ad ID","Ad name","Amount spent (EUR)","Result type",Results,Impressions,'
        '"Link clicks","Purchases conversion value"'
    ),
    "es": (
        'Día,"Identificador del anuncio","Nombre del anuncio","Importe gastado (EUR)",'
        '"Tipo de resultado",Resultados,Impresiones,"Clics en el enlace",'
        '"Valor de conversión de compras"'
    ),
    "pt": (
        'Dia,"Identificação do anúncio","Nome do anúncio","Valor usado (EUR)","Tipo de resultado",'
        'Resultados,Impressões,"Cliques no link","Valor de conversão da compra"'
    ),
    "fr": (
        'Jour,"ID de la publicité","Nom de la publicité","Montant dépensé (EUR)",'
        '"Type de résultat",Résultats,Impressions,"Clics sur un lien",'
        '"Valeur de conversion des achats"'
    ),
    "de": (
        'Tag,Anzeigen-ID,Anzeigenname,"Ausgegebener Betrag (EUR)",Ergebnistyp,Ergebnisse,'
        'Impressionen,Link-Klicks,"Conversion-Wert der Käufe"'
    ),
    "vi": (
        'Ngày,"ID quảng cáo","Tên quảng cáo","Số tiền đã chi tiêu (EUR)","Loại kết quả","Kết quả",'
        '"Lượt hiển thị","Lượt click vào liên kết","Giá trị chuyển đổi lượt mua"'
    ),
}
PLAIN = (
    f'2025-08-13,{ONE},"Lamp | 🪑 83",1486.31,"Website purchases",105,214273,1353,2895.65',
    f'2025-08-13,{TWO},"Lamp, V6",9.8,,,606,1,',
    f'2025-08-12,{ONE},"Lamp | 🪑 83",0,"Website purchases",2,0,,67',
)
WRITTEN = (
    f"13.08.2025;{ONE};Lamp;1.486,31;Website purchases;105;214.273;1.353;2.895,65",
    f"13.08.2025;{TWO};Lamp;9,80;;;606;1;",
    f"12.08.2025;{ONE};Lamp;0;Website purchases;2;0;;67,00",
)


@pytest.mark.parametrize("language", HEADERS)
def test_each_language_of_metas_ads_manager_is_read(language, saved):
    file = one(saved(csv(HEADERS[language], *PLAIN, bom=True)))
    assert (file.format, shown(file), file.findings) == ("meta-ads", rows("EUR"), ())


@pytest.mark.parametrize("language", ["es", "pt", "fr", "de", "vi"])
def test_a_table_that_a_spreadsheet_wrote_in_that_language_is_read(language, saved):
    file = one(saved(csv(HEADERS[language].replace(",", ";"), *WRITTEN, bom=True)))
    assert shown(file) == rows("EUR")


def resaved(language, *, drop=()):
    """A report as another program would save it: another order, separator, and one more column."""
    table = [row.split(";") for row in WRITTEN]
    head = next(csv_rows([HEADERS[language]]))
    table = [[*row, "x"] for row in table]
    order = [at for at in range(len(head) + 1) if at not in drop]
    random.Random(language).shuffle(order)
    lines = [[*head, "Nobody knows"], *table]
    return csv(*("\t".join(row[at] for at in order) for row in lines), bom=True)


@pytest.mark.parametrize("language", ["es", "pt", "fr", "de", "vi"])
def test_other_orders_columns_and_separators_change_nothing(language, saved):
    path = saved(resaved(language), "report.tsv")
    file = one(path)
    assert (file.format, shown(file)) == ("meta-ads", rows("EUR"))
    reading = AdReading(
        ad_platform=None, spent_on=None, is_history=False, read_at=NOW, run_id="r",
        told=told_of({}, time_zone=None, now=NOW),
    )  # fmt: skip
    (inspected,) = inspect_file(path, reading, time_zone=None)
    assert inspected.subject == "ad-metrics"
    assert_frame_equal(inspected.file.sound, file.sound)


@pytest.mark.parametrize("language", ["es", "pt", "fr", "de", "vi"])
@pytest.mark.parametrize("lacks", [0, 1, 3], ids=["day", "ad", "spend"])
def test_a_report_that_lacks_what_is_needed_is_refused(language, lacks, saved):
    refusal(saved(resaved(language, drop=[lacks]), "report.tsv"))


XLSX_HEADER = [
    "Inicio del informe", "Fin del informe", "Nombre del anuncio", "Día",
    "Identificador del anuncio", "Divisa", "Importe gastado (EUR)", "Impresiones",
    "Clics en el enlace", "Resultados", "Valor de conversión de compras",
]  # fmt: skip
XLSX = [
    ["2025-08-12", "2025-08-13", None, None, None, "EUR", 1496.11, 214879.0, 1354, 107, 2962.65],
    ["2025-08-13", "2025-08-13", "🪑 | a", "2025-08-13", ONE, "EUR", 1486.31, 214273.0, 1353, 105,
     2895.65],
    ["2025-08-13", "2025-08-13", "b", "2025-08-13", TWO, "EUR", 9.8, 606, 1, None, None],
    ["2025-08-12", "2025-08-12", "a", "2025-08-12", ONE, "EUR", 0, 0, None, 2, 67.0],
]  # fmt: skip


def test_a_workbook_with_its_sum_first_is_read(saved):
    file = one(saved(workbook(XLSX_HEADER, *XLSX), "report.xlsx"))
    assert shown(file) == rows("EUR")
    assert file.notes == ("line 2 is a row of totals: 1496.11, as the rows add up to",)
    assert file.rows_set_aside.is_empty()


def test_ids_that_a_workbook_holds_as_numbers_are_refused(saved):
    table = [[*row[:4], float(ONE) if row[4] else None, *row[5:]] for row in XLSX]
    assert "digits cannot be recovered" in refusal(saved(workbook(XLSX_HEADER, *table), "r.xlsx"))


TIKTOK_HEADER = (
    "Ad name,Ad ID,By Day,Cost,Impressions,Clicks (destination),CTR (destination),Conversions"
)
TIKTOK_ROWS = (
    'a,1843000000000000001,2025-08-13,"1,486.31","214,273","1,353",0.63%,105',
    "b,1843000000000000002,2025-08-13,9.80,606,1,0.17%,0",
)
TIKTOK_SUM = 'Total of 2 results,-,-,"1,496.11","214,879","1,354",0.63%,105'
TIKTOK = [
    ("1843000000000000001", DAYS[0], "USD", 148_631, 214_273, 1_353, 105, None),
    ("1843000000000000002", DAYS[0], "USD", 980, 606, 1, 0, None),
]


def test_tiktoks_ads_manager_is_read_without_its_totals(saved):
    lines = [f"{row},USD" for row in (*TIKTOK_ROWS, TIKTOK_SUM)]
    file = one(saved(csv(f"{TIKTOK_HEADER},Currency", *lines)))
    assert (file.format, shown(file), file.rows) == ("tiktok-ads", TIKTOK, 3)
    assert [note.split(":")[0] for note in file.notes] == ["line 4 is a row of totals"]


def test_tiktoks_ads_manager_in_korean_is_read(saved):
    header = "광고 이름,광고 ID,일별,비용,노출수,클릭수,CTR,전환수,통화"
    assert shown(one(saved(csv(header, *(f"{row},USD" for row in TIKTOK_ROWS))))) == TIKTOK


def test_a_total_that_the_rows_miss_is_a_finding(saved):
    lines = [f"{row},USD" for row in (TIKTOK_ROWS[0], TIKTOK_SUM)]
    file = one(saved(csv(f"{TIKTOK_HEADER},Currency", *lines)))
    assert shown(file) == TIKTOK[:1]
    assert "differ from it by 980" in file.findings[0]


def test_a_currency_is_said_by_the_file_or_by_the_user_never_assumed(saved):
    path = saved(csv(TIKTOK_HEADER, *TIKTOK_ROWS))
    assert "--currency" in refusal(path)
    assert {row[2] for row in shown(one(path, currency="sek"))} == {"SEK"}


def test_a_currency_without_decimals_is_counted_in_its_own_units(saved):
    header = HEADERS["vi"].replace("EUR", "VND").replace(",", ";")
    file = one(saved(csv(header, f"13/08/2025;{ONE};a;1.486.310;;;606;1;")))
    assert file.sound.select("currency", "spend_cents").rows() == [("VND", 1_486_310)]


@pytest.mark.parametrize("header", ["Reporting starts,Reporting ends", "date_start,date_stop"])
def test_a_period_is_never_a_day(header, saved):
    path = saved(csv(f"ad_id,{header},spend", f"{ONE},2025-08-01,2025-08-31,3000.00"))
    said = refusal(path, platform="meta", day=date(2025, 8, 31), currency="USD")
    assert "2025-08-01 to 2025-08-31" in said


def test_a_period_of_one_day_is_that_day(saved):
    header = "Ad ID,Amount spent (USD),Reporting starts,Reporting ends"
    file = one(saved(csv(header, f"{ONE},3.00,2025-08-13,2025-08-13")))
    assert file.sound["spent_on"].to_list() == [DAYS[0]]


def test_insights_of_the_api_are_read(saved):
    days = [
        {
            "ad_id": ONE, "date_start": "2025-08-13", "date_stop": "2025-08-13",
            "spend": "1486.31", "impressions": "214273", "inline_link_clicks": "1353",
            "clicks": "2000", "account_currency": "EUR", "actions": [{"action_type": "x"}],
        }
    ]  # fmt: skip
    file = one(saved(json.dumps(days).encode(), "insights.json"))
    assert file.format == "meta-api"
    assert shown(file) == [(*rows("EUR")[0][:6], None, None)]


def test_the_reporting_api_of_tiktok_is_read(saved):
    answer = {
        "code": 0,
        "data": {
            "list": [
                {
                    "dimensions": {"ad_id": 1843000000000000001,
                                   "stat_time_day": "2025-08-13 00:00:00"},
                    "metrics": {"spend": "1486.31", "impressions": "214273", "clicks": "1353",
                                "conversion": "105", "currency": "USD"},
                }
            ]
        },
    }  # fmt: skip
    file = one(saved(json.dumps(answer).encode(), "answer.json"))
    assert (file.format, shown(file)) == ("tiktok-reporting-api", TIKTOK[:1])


def test_reports_in_an_archive_are_read_one_by_one(saved):
    archive = zipped(a_csv=csv(HEADERS["en"], *PLAIN), b_csv=csv(HEADERS["de"], *PLAIN))
    files = read(saved(archive, "both.zip"))
    assert [shown(file) for file in files] == [rows("EUR"), rows("EUR")]


def test_only_purchases_are_conversions(saved):
    lines = [row.replace("Website purchases", "Link clicks") for row in PLAIN]
    file = one(saved(csv(HEADERS["en"], *lines)))
    assert file.sound["conversions"].to_list() == [None, None, None]


@pytest.mark.parametrize(
    ("lines", "options", "words"),
    [
        pytest.param(
            (f"2025-08-13,{ONE},a,1.486,,,1,1,",), {}, "--decimal", id="thousands or decimals"
        ),
        pytest.param(
            (f'2025-08-13,{ONE},a,"1.486,31",,,1,1,', f"2025-08-13,{TWO},a,9.80,,,1,1,"), {},
            "two ways", id="numbers in two ways",
        ),
        pytest.param(
            (f"03/04/2025,{ONE},a,1,,,1,1,",), {}, "--date-order", id="March or April"
        ),
        pytest.param(
            (f"13/04/2025,{ONE},a,1,,,1,1,", f"04/13/2025,{TWO},a,1,,,1,1,"), {},
            "two ways", id="days in two ways",
        ),
        pytest.param(
            tuple(f"2025-08-1{at},12023530954844{at}000,a,1,,,1,1," for at in (1, 2, 3)), {},
            "digits cannot be recovered", id="ids that end in zeros",
        ),
        pytest.param((f"2025-08-13,{ONE},a,1,,,1,1,",), {"platform": "tiktok"}, "--platform",
                     id="another platform"),
    ],
)  # fmt: skip
def test_what_could_be_read_in_two_ways_is_asked(lines, options, words, saved):
    assert words in refusal(saved(csv(HEADERS["en"], *lines)), **options)


@pytest.mark.parametrize(
    ("line", "options", "expected"),
    [
        ("03/04/2025,{},a,1,,,1,1,", {"order": "day-first"}, (date(2025, 4, 3), 100)),
        ("03/04/2025,{},a,1,,,1,1,", {"order": "month-first"}, (date(2025, 3, 4), 100)),
        ("2025-08-13,{},a,1.486,,,1,1,", {"decimal": "comma"}, (date(2025, 8, 13), 148_600)),
    ],
)
def test_what_the_user_says_settles_it(line, options, expected, saved):
    file = one(saved(csv(HEADERS["en"], line.format(ONE))), **options)
    assert file.sound.select("spent_on", "spend_cents").rows() == [expected]


def test_what_is_no_ad_is_set_aside(saved):
    file = one(saved(csv(HEADERS["en"], *PLAIN, "2025-08-13,summer,a,1,,,1,1,")))
    assert file.quarantined["broken_rules"].to_list() == ["ad_id|no_ad_id"]


def test_a_report_without_ids_is_refused_by_name(saved):
    header = '"Ad name","Amount spent (EUR)",Results,"Reporting starts","Reporting ends"'
    said = refusal(saved(csv(header, "a,3.00,1,2025-08-01,2025-08-31")))
    assert "looks like Meta Ads Manager" in said
    assert "'ad id'" in said
