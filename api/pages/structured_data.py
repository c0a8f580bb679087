"""An article as schema.org JSON-LD, for search engines. A data block: browsers never run it, so a strict CSP lets it stand."""

import json
from typing import Any

from markupsafe import Markup

from api.pages.content import ArticlePage


def article_data(page: ArticlePage, site: str) -> Markup:
    address = f"{site}/tema/{page.topic}"
    graph = [_faq(page, address), _service(page, address), _breadcrumbs(page, site, address)]
    text = json.dumps({"@context": "https://schema.org", "@graph": graph}, ensure_ascii=False)
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))  # noqa: S704 - nothing left can end the element


def _faq(page: ArticlePage, address: str) -> dict[str, Any]:
    questions = [(page.title, page.short), *((f"{page.title}: {s.heading}", s.text) for s in page.sections)]
    return {
        "@type": "FAQPage",
        "@id": f"{address}#faq",
        "inLanguage": str(page.language),
        "dateModified": page.checked.isoformat(),
        "mainEntity": [
            {"@type": "Question", "name": name, "acceptedAnswer": {"@type": "Answer", "text": text}} for name, text in questions
        ],
    }


def _service(page: ArticlePage, address: str) -> dict[str, Any]:
    service: dict[str, Any] = {
        "@type": "GovernmentService",
        "@id": f"{address}#tjeneste",
        "name": page.title,
        "description": page.short,
        "url": page.apply_url or address,
        "areaServed": {"@type": "Country", "name": "Norge"},
        "audience": {"@type": "Audience", "audienceType": str(page.audience)},
    }
    if page.decided_by:
        service["serviceOperator"] = {"@type": "GovernmentOrganization", "name": page.decided_by}
    return service


def _breadcrumbs(page: ArticlePage, site: str, address: str) -> dict[str, Any]:
    steps = [("Veivis", f"{site}/"), ("Temaer", f"{site}/tema"), (page.title, address)]
    return {
        "@type": "BreadcrumbList",
        "itemListElement": [
            {"@type": "ListItem", "position": number, "name": name, "item": item}
            for number, (name, item) in enumerate(steps, start=1)
        ],
    }
