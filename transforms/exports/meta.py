"""What Meta's own pages export: Business Suite's content, Ads Manager's reports, Content Library.

Belongs here: the records of these formats.
Does not belong here: what a record can say (``record``); Meta's APIs (``layers_pipeline.sources``).

Header words are those of English, Spanish, Portuguese, French, German and Vietnamese, as far as
files or readers of files show them.
"""

from typing import Final

from transforms.exports.record import Column, Export, Kind, of

AD_ID: Final = (
    "ad id", "identificador del anuncio", "identificação do anúncio", "id do anúncio",
    "id de la publicité", "identifiant de la publicité", "anzeigen-id", "werbeanzeigen-id",
    "id quảng cáo",
)  # fmt: skip
SPENT: Final = (
    "amount spent", "importe gastado", "valor usado", "montant dépensé", "ausgegebener betrag",
    "số tiền đã chi tiêu",
)  # fmt: skip
VALUE: Final = (
    "purchases conversion value", "valor de conversión de compras",
    "valor de conversão da compra", "valor de conversão de compras",
    "valeur de conversion des achats", "conversion-wert der käufe", "kauf-conversion-wert",
    "giá trị chuyển đổi lượt mua",
)  # fmt: skip
PURCHASE: Final = r"(?i).*(?:purchase|compra|achat|kauf|käufe|lượt mua).*"
"""Words for purchases, in a result's type or indicator."""
RESULT_TYPE: Final = Column(
    words=(
        "result type",
        "result indicator",
        "tipo de resultado",
        "indicador de resultados",
        "type de résultat",
        "indicateur de résultats",
        "ergebnistyp",
        "ergebnisindikator",
        "loại kết quả",
    )
)

ADS_MANAGER: Final = Export(
    name="meta-ads",
    title="Meta Ads Manager, ads by day",
    subject="ad-metrics",
    platform="meta",
    needed=("ad_id", "spend"),
    marks=tuple(f"{word} ({{currency}})" for word in SPENT) + SPENT,
    numbers="written",
    columns={
        "ad_id": (
            Column(words=AD_ID),
            Column(
                words=(
                    "preview link",
                    "enlace de la vista previa",
                    "link de prévia",
                    "lien d’aperçu",
                    "vorschau-link",
                ),
                pattern=r"feed_demo_ad=([0-9]{15,19})",
            ),
        ),
        "date": of("day", "día", "dia", "jour", "tag", "ngày"),
        "starts": of(
            "reporting starts",
            "inicio del informe",
            "início dos relatórios",
            "début des rapports",
            "berichtsbeginn",
            "berichtsstart",
            "bắt đầu báo cáo",
            "lượt bắt đầu báo cáo",
        ),
        "ends": of(
            "reporting ends",
            "fin del informe",
            "encerramento dos relatórios",
            "término dos relatórios",
            "fin des rapports",
            "berichtsende",
            "kết thúc báo cáo",
            "lượt kết thúc báo cáo",
        ),
        "spend": of(*(f"{word} ({{currency}})" for word in SPENT), *SPENT),
        "currency": of(
            "currency", "divisa", "moneda", "moeda", "devise", "währung", "đơn vị tiền tệ"
        ),
        "impressions": of(
            "impressions", "impresiones", "impressões", "impressionen", "lượt hiển thị"
        ),
        "clicks": of(
            "link clicks",
            "clics en el enlace",
            "cliques no link",
            "clics sur un lien",
            "clics sur le lien",
            "link-klicks",
            "lượt click vào liên kết",
        ),
        "conversions": (
            Column(words=("purchases", "compras", "achats", "käufe", "lượt mua")),
            Column(
                words=("results", "resultados", "résultats", "ergebnisse", "kết quả"),
                where=(RESULT_TYPE, PURCHASE),
            ),
        ),
        "conversion_value": of(*(f"{word} ({{currency}})" for word in VALUE), *VALUE),
        "reach": of("reach", "alcance", "couverture", "portée", "reichweite", "người tiếp cận"),
        "frequency": of(
            "frequency", "frecuencia", "frequência", "répétition", "frequenz", "tần suất"
        ),
    },
    notes="Add the column Ad ID and the breakdown by day before you export. The day is the ad "
    "account's. Results count as conversions where their type is a purchase, or not said.",
)

META_API: Final = Export(
    name="meta-api",
    title="Meta Marketing API, insights of ads by day",
    subject="ad-metrics",
    platform="meta",
    needed=("ad_id", "spend", "starts", "ends"),
    marks=("date_start",),
    columns={
        "ad_id": of("ad_id"),
        "starts": of("date_start"),
        "ends": of("date_stop"),
        "spend": of("spend"),
        "currency": of("account_currency", "currency"),
        "impressions": of("impressions"),
        "clicks": of("inline_link_clicks"),
        "reach": of("reach"),
        "frequency": of("frequency"),
    },
    notes="Actions are lists there, and are not read: conversions stay empty.",
)

BUSINESS_SUITE: Final = Export(
    name="business-suite",
    title="Meta Business Suite, content of Instagram",
    subject="captures",
    platform="instagram",
    needed=("post_key", "account_key", "permalink", "published_at"),
    marks=(
        "account username",
        "nome de usuário da conta",
        "kontobenutzername",
        "nombre de usuario de la cuenta",
        "nom d’utilisateur du compte",
    ),
    absent=("page id", "identificação da página"),
    numbers="written",
    clock="clock",
    zone="America/Los_Angeles",
    columns={
        "post_key": of(
            "post id",
            "identificação do post",
            "beitrags-id",
            "identificador de la publicación",
            "id de la publication",
        ),
        "account_id": of(
            "account id",
            "identificação da conta",
            "konto-id",
            "identificador de la cuenta",
            "id du compte",
        ),
        "account_key": of(
            "account username",
            "nome de usuário da conta",
            "kontobenutzername",
            "nombre de usuario de la cuenta",
            "nom d’utilisateur du compte",
        ),
        "published_at": of(
            "publish time",
            "horário de publicação",
            "veröffentlichungszeitpunkt",
            "hora de publicación",
            "heure de publication",
        ),
        "permalink": of("permalink", "link permanente", "enlace permanente", "permalien"),
        "caption": of("description", "descrição", "beschreibung", "descripción"),
        "views": of("views", "visualizações", "aufrufe", "visualizaciones", "vues"),
        "likes": of("likes", "curtidas", "„gefällt mir“-angaben", "me gusta", "mentions j’aime"),
        "comments": of("comments", "comentários", "kommentare", "comentarios", "commentaires"),
        "shares": of(
            "shares", "compartilhamentos", "geteilte inhalte", "veces compartido", "partages"
        ),
        "saves": of("saves", "salvamentos", "gespeichert", "veces guardado", "enregistrements"),
    },
    kinds=tuple(
        Kind(media_type=ours, where={word: shown})
        for ours, shown in (
            ("reel", r"ig[ -]reel|reel do ig|reel de ig"),
            ("feed_image", r"ig image|imagem do ig|ig-bild|imagen de ig"),
            ("feed_carousel", r"ig carousel|carrossel do ig|ig-karussell|secuencia de ig"),
            ("story", r"ig story|story do ig|ig-story|historia de ig"),
            ("feed_video", r"ig video|vídeo do ig|ig-video|video de ig"),
        )
        for word in ("post type", "tipo de post", "beitragsart", "tipo de publicación")
    ),
    lifetime=of("date", "data", "datum", "fecha"),
    notes="Times are those of Los Angeles, whatever the account's country; where the clocks "
    "showed an hour twice, the permalink tells which. Export the period with totals (Lifetime): "
    "a file of single days is refused.",
)

BUSINESS_SUITE_FACEBOOK: Final = Export(
    name="business-suite-facebook",
    title="Meta Business Suite, content of a Facebook page",
    subject="nothing",
    needed=("post_key", "page"),
    columns={
        "post_key": of("post id", "identificação do post"),
        "page": of("page id", "identificação da página"),
    },
    refused="Facebook's posts are not scored: export the content of Instagram",
)

CONTENT_LIBRARY: Final = Export(
    name="content-library",
    title="Meta Content Library, posts of Instagram",
    subject="captures",
    platform="instagram",
    needed=("post_key", "account_key", "published_at", "permalink"),
    marks=("mcl_url",),
    columns={
        "post_key": of("id"),
        "account_key": of("post_owner.username"),
        "published_at": of("creation_time"),
        "permalink": of("mcl_url"),
        "caption": of("text"),
        "views": of("statistics.views"),
        "likes": of("statistics.like_count"),
        "comments": of("statistics.comment_count"),
        "shares": of("statistics.share_count"),
    },
    kinds=(
        Kind(media_type="reel", where={"media_type": "reels?"}),
        Kind(media_type="feed_video", where={"media_type": "videos?|igtv"}),
        Kind(media_type="feed_image", where={"media_type": "photos?|images?"}),
        Kind(media_type="feed_carousel", where={"media_type": "albums?|carousels?"}),
    ),
    notes="The id is the library's own, and so is the address: such a post is not joined with the "
    "same post from elsewhere.",
)

CROWDTANGLE: Final = Export(
    name="crowdtangle",
    title="CrowdTangle, posts of Instagram (until 2024)",
    subject="captures",
    platform="instagram",
    needed=("post_key", "account_key", "published_at"),
    marks=("total interactions", "post created"),
    absent=("page name", "facebook id"),
    numbers="written",
    clock="zone_words",
    columns={
        "post_key": of("url", pattern=r"/(?:p|reel|reels|tv)/([A-Za-z0-9_-]{5,})"),
        "account_key": of("user name"),
        "published_at": of("post created"),
        "permalink": of("url"),
        "caption": of("description"),
        "views": of("views"),
        "likes": of("likes"),
        "comments": of("comments"),
    },
    kinds=(
        Kind(media_type="feed_image", where={"type": "photo"}),
        Kind(media_type="feed_carousel", where={"type": "album"}),
        Kind(media_type="feed_video", where={"type": "video|igtv"}),
    ),
    unseen_zeros=("views",),
    notes="Followers there are those at posting, and are not read. Views of 0 mean that there was "
    "no count.",
)

META_EXPORTS: Final = (
    BUSINESS_SUITE,
    ADS_MANAGER,
    META_API,
    CROWDTANGLE,
    CONTENT_LIBRARY,
    BUSINESS_SUITE_FACEBOOK,
)
