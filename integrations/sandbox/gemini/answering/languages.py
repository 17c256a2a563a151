"""The languages of the pretend model: how it recognises them, and what it says in them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True)
class Language:
    """One language.

    `common` are words by which we recognise it. `topics` are the beginnings of words that tell what
    a question is about. `phrases` are what the model says.
    """

    code: str
    common: str
    topics: Mapping[str, tuple[str, ...]]
    statuses: Mapping[str, str]
    phrases: Mapping[str, str]

    def is_about(self, topic: str, text: str) -> bool:
        """Tell whether `text` has a word of the topic."""
        beginnings = self.topics[topic]
        words = _WORD.findall(text.lower())
        return any(word.startswith(beginnings) for word in words)

    def status(self, status: object) -> str:
        """Return a status as people say it."""
        return self.statuses.get(str(status), str(status))

    def say(self, phrase: str, **values: object) -> str:
        """Return a phrase with its values."""
        return self.phrases[phrase].format(**values)


ENGLISH = Language(
    code="en",
    common="the is are what why where when how my of and to in it for i you order",
    topics={
        "chain": ("why", "wait", "block", "chain", "depend", "stuck", "hold"),
        "statistics": ("revenue", "average", "statistic", "figures", "turnover", "sales", "many"),
        "messages": ("message", "wrote", "write", "said", "say", "conversation"),
        "urgent": ("urgent",),
        "products": ("product", "stock", "price", "sku", "sell"),
        "customers": ("customer", "phone", "email", "contact", "who"),
        "orders": ("order",),
        "today": ("today",),
        "week": ("week",),
        "year": ("year",),
        "move": ("move", "mark", "set", "ship", "cancel", "complete", "finish", "activate"),
        "tell": ("tell", "inform", "notify"),
    },
    statuses={
        "draft": "a draft",
        "pending": "pending",
        "active": "being worked on",
        "shipped": "shipped",
        "fulfilled": "fulfilled",
        "completed": "completed",
        "failed": "failed",
        "cancelled": "cancelled",
    },
    phrases={
        "order": "Order {name} is {status}.",
        "total": "Its total is {total} {currency}.",
        "customer": "It is for {name}.",
        "waiting": "It waits for {blockers}.",
        "roots": "In the end it is held up by {blockers}.",
        "waiting_order": "It waits for other orders.",
        "outside": "an order outside this project",
        "free": "It waits for nothing.",
        "and": " and ",
        "error": "I could not find that: {error}",
        "orders": "There are {total} such orders: {orders}.",
        "more": "{orders} and {count} more",
        "no_orders": "There are no such orders.",
        "statistics": "In {days} days there were {orders} orders with {revenue} {currency} of "
        "revenue, {average} {currency} on average.",
        "messages": "I found {total} messages. The newest is from {name}: “{text}”",
        "no_messages": "I found no such message.",
        "customers": "I found {names}.",
        "no_customers": "I found no such customer.",
        "products": "I found {products}.",
        "product": "{name} for {price} {currency} ({stock} in stock)",
        "no_products": "I found no such product.",
        "proposed_move": "I suggest moving order {name} to {status}. Nothing has changed yet: a "
        "person has to confirm it.",
        "proposed_message": "I suggest sending this: “{text}” Nothing has been sent yet: a person "
        "has to confirm it.",
        "done": "That is all I know.",
        "help": "Ask me about an order, such as “Why is #12 waiting?”, or about orders, messages, "
        "customers, products or figures.",
        "hello": "Hello {name},",
        "hello_nobody": "Hello,",
        "reply_order": "thank you for your message. Your order {name} is {status}.",
        "reply_waiting": "It has to wait for something else first. We will write to you as soon as "
        "it goes on.",
        "reply_sorry": "We are sorry for the trouble and are looking into it right away.",
        "reply_nothing": "thank you for your message. We are looking into it and will write to you "
        "soon.",
        "update": "There is news about your order: it is {status}.",
    },
)
GERMAN = Language(
    code="de",
    common=(
        "der die das ist sind was warum wo wann wie mein meine und zu im ich sie es ein eine bitte "
        "bestellung auftrag nicht"
    ),
    topics={
        "chain": ("warum", "wieso", "wart", "blockier", "kette", "hängt", "abhäng"),
        "statistics": ("umsatz", "durchschnitt", "statistik", "zahlen", "viele", "verkäufe"),
        "messages": ("nachricht", "geschrieben", "schrieb", "gesagt", "gespräch"),
        "urgent": ("dringend", "eilig"),
        "products": ("produkt", "artikel", "lager", "preis", "vorrat"),
        "customers": ("kund", "telefon", "kontakt", "wer"),
        "orders": ("bestellung", "auftrag", "aufträge"),
        "today": ("heute",),
        "week": ("woche",),
        "year": ("jahr",),
        "move": ("setze", "markier", "verschick", "storn", "abschließ", "versende"),
        "tell": ("sag", "informier", "benachrichtig"),
    },
    statuses={
        "draft": "ein Entwurf",
        "pending": "offen",
        "active": "in Arbeit",
        "shipped": "unterwegs",
        "fulfilled": "geliefert",
        "completed": "abgeschlossen",
        "failed": "fehlgeschlagen",
        "cancelled": "storniert",
    },
    phrases={
        "order": "Bestellung {name} ist {status}.",
        "total": "Sie kostet {total} {currency}.",
        "customer": "Sie ist für {name}.",
        "waiting": "Sie wartet auf {blockers}.",
        "roots": "Letztlich liegt es an {blockers}.",
        "waiting_order": "Sie wartet auf andere Bestellungen.",
        "outside": "eine Bestellung außerhalb dieses Projekts",
        "free": "Sie wartet auf nichts.",
        "and": " und ",
        "error": "Das habe ich nicht gefunden: {error}",
        "orders": "Es gibt {total} solche Bestellungen: {orders}.",
        "more": "{orders} und {count} weitere",
        "no_orders": "Solche Bestellungen gibt es nicht.",
        "statistics": "In {days} Tagen gab es {orders} Bestellungen mit {revenue} {currency} "
        "Umsatz, im Durchschnitt {average} {currency}.",
        "messages": "Ich habe {total} Nachrichten gefunden. Die neueste ist von {name}: „{text}“",
        "no_messages": "Ich habe keine solche Nachricht gefunden.",
        "customers": "Ich habe {names} gefunden.",
        "no_customers": "Ich habe keinen solchen Kunden gefunden.",
        "products": "Ich habe gefunden: {products}.",
        "product": "{name} für {price} {currency} ({stock} auf Lager)",
        "no_products": "Ich habe kein solches Produkt gefunden.",
        "proposed_move": "Ich schlage vor, Bestellung {name} auf „{status}“ zu setzen. Noch ist "
        "nichts geändert: Ein Mensch muss es bestätigen.",
        "proposed_message": "Ich schlage vor, das zu senden: „{text}“ Noch ist nichts gesendet: "
        "Ein Mensch muss es bestätigen.",
        "done": "Mehr weiß ich nicht.",
        "help": "Fragen Sie mich nach einer Bestellung, etwa „Warum wartet #12?“, oder nach "
        "Bestellungen, Nachrichten, Kunden, Produkten oder Zahlen.",
        "hello": "Guten Tag {name},",
        "hello_nobody": "Guten Tag,",
        "reply_order": "danke für Ihre Nachricht. Ihre Bestellung {name} ist {status}.",
        "reply_waiting": "Sie muss noch auf etwas anderes warten. Wir melden uns, sobald es "
        "weitergeht.",
        "reply_sorry": "Es tut uns leid, und wir kümmern uns sofort darum.",
        "reply_nothing": "danke für Ihre Nachricht. Wir kümmern uns darum und melden uns bald.",
        "update": "Neues von Ihrer Bestellung: Sie ist {status}.",
    },
)
SPANISH = Language(
    code="es",
    common=(
        "el la los las es son qué que por dónde cuándo cómo mi de del y en un una no está pedido "
        "para"
    ),
    topics={
        "chain": ("por", "espera", "bloque", "cadena", "depend", "retenid"),
        "statistics": ("ingreso", "promedio", "estad", "cifras", "cuántos", "ventas"),
        "messages": ("mensaje", "escrib", "dijo", "conversaci"),
        "urgent": ("urgente",),
        "products": ("producto", "existencia", "precio", "artículo"),
        "customers": ("cliente", "teléfono", "correo", "contacto", "quién"),
        "orders": ("pedido",),
        "today": ("hoy",),
        "week": ("semana",),
        "year": ("año",),
        "move": ("marca", "envía", "cancela", "completa", "cambia"),
        "tell": ("dile", "avisa", "informa"),
    },
    statuses={
        "draft": "en borrador",
        "pending": "pendiente",
        "active": "en curso",
        "shipped": "enviado",
        "fulfilled": "entregado",
        "completed": "completado",
        "failed": "fallido",
        "cancelled": "cancelado",
    },
    phrases={
        "order": "El pedido {name} está {status}.",
        "total": "Su total es de {total} {currency}.",
        "customer": "Es para {name}.",
        "waiting": "Espera a {blockers}.",
        "roots": "En el fondo lo retiene {blockers}.",
        "waiting_order": "Espera a otros pedidos.",
        "outside": "un pedido de fuera de este proyecto",
        "free": "No espera a nada.",
        "and": " y ",
        "error": "No lo he encontrado: {error}",
        "orders": "Hay {total} pedidos así: {orders}.",
        "more": "{orders} y {count} más",
        "no_orders": "No hay pedidos así.",
        "statistics": "En {days} días hubo {orders} pedidos con {revenue} {currency} de ingresos, "
        "{average} {currency} de promedio.",
        "messages": "He encontrado {total} mensajes. El más reciente es de {name}: «{text}»",
        "no_messages": "No he encontrado ese mensaje.",
        "customers": "He encontrado a {names}.",
        "no_customers": "No he encontrado a ese cliente.",
        "products": "He encontrado {products}.",
        "product": "{name} por {price} {currency} ({stock} en existencias)",
        "no_products": "No he encontrado ese producto.",
        "proposed_move": "Propongo pasar el pedido {name} a {status}. Todavía no ha cambiado nada: "
        "una persona debe confirmarlo.",
        "proposed_message": "Propongo enviar esto: «{text}» Todavía no se ha enviado: una persona "
        "debe confirmarlo.",
        "done": "No sé nada más.",
        "help": "Pregúntame por un pedido, como «¿Por qué espera #12?», o por pedidos, mensajes, "
        "clientes, productos o cifras.",
        "hello": "Hola, {name}:",
        "hello_nobody": "Hola:",
        "reply_order": "gracias por su mensaje. Su pedido {name} está {status}.",
        "reply_waiting": "Tiene que esperar a otra cosa. Le escribiremos en cuanto avance.",
        "reply_sorry": "Sentimos las molestias y lo estamos mirando ahora mismo.",
        "reply_nothing": "gracias por su mensaje. Lo estamos mirando y le escribiremos pronto.",
        "update": "Novedades de su pedido: está {status}.",
    },
)
LANGUAGES = (ENGLISH, GERMAN, SPANISH)


def language_of(text: str) -> Language:
    """Return the language of which `text` has the most common words; English if it has none."""
    words = _WORD.findall(text.lower())
    return max(LANGUAGES, key=lambda each: sum(word in each.common.split() for word in words))


def language_named(code: str) -> Language | None:
    """Return the language with a code such as `de` or `de-AT`."""
    return next((each for each in LANGUAGES if code.lower().startswith(each.code)), None)
