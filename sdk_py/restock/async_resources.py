# Made by sdk_py/generate.py from the gateway's description.
"""Every call by its resource, to be awaited. Raises Problem or Unreachable."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, cast
from urllib.parse import quote

from restock.calls import Call, new_key

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from restock import types


def _part(name: str) -> str:
    """A name as one part of an address."""
    return quote(name, safe="")


class _Resource:
    def __init__(self, ask: Callable[[Call], Any]) -> None:
        self._ask = ask


class Agreements(_Resource):
    """Calls about agreements."""

    def page(
        self, merchant_id: str, *, limit: int | None = None, cursor: str | None = None
    ) -> Awaitable[types.AgreementViewPage]:
        """List a shop's agreements, oldest first; earlier ones stay to be read."""
        return cast(
            "Awaitable[types.AgreementViewPage]",
            self._ask(
                Call("GET", f"/v1/merchants/{_part(merchant_id)}/agreements", query={"limit": limit, "cursor": cursor})
            ),
        )

    def show(self, merchant_id: str, agreement_id: str) -> Awaitable[types.AgreementView]:
        """Show an agreement; Accept: text/html gives a page to print, in the language that the request asks for."""
        return cast(
            "Awaitable[types.AgreementView]",
            self._ask(Call("GET", f"/v1/merchants/{_part(merchant_id)}/agreements/{_part(agreement_id)}")),
        )


class Arrangements(_Resource):
    """Calls about arrangements."""

    def ask(
        self, drawdown_id: str, body: types.NewArrangement, *, idempotency_key: str | None = None
    ) -> Awaitable[types.ArrangementView]:
        """Ask for a pause of a loan, for the merchant."""
        return cast(
            "Awaitable[types.ArrangementView]",
            self._ask(
                Call(
                    "POST",
                    f"/v1/drawdowns/{_part(drawdown_id)}/arrangements",
                    body=body,
                    key=idempotency_key or new_key(),
                )
            ),
        )


class Authorities(_Resource):
    """Calls about authorities."""

    def propose(
        self, merchant_id: str, body: types.NewAuthority, *, idempotency_key: str | None = None
    ) -> Awaitable[types.AuthorityView]:
        """Propose who may draw by one click, and up to which caps."""
        return cast(
            "Awaitable[types.AuthorityView]",
            self._ask(
                Call(
                    "POST", f"/v1/merchants/{_part(merchant_id)}/authority", body=body, key=idempotency_key or new_key()
                )
            ),
        )

    def show(self, merchant_id: str) -> Awaitable[types.AuthoritiesView]:
        """Show the authority in force and the one that waits for the signatory."""
        return cast(
            "Awaitable[types.AuthoritiesView]", self._ask(Call("GET", f"/v1/merchants/{_part(merchant_id)}/authority"))
        )


class Changes(_Resource):
    """Calls about changes."""

    def contact(
        self, merchant_id: str, body: types.NewContact, *, idempotency_key: str | None = None
    ) -> Awaitable[types.ChangeView]:
        """Ask to send a shop's one-time codes and notices elsewhere."""
        return cast(
            "Awaitable[types.ChangeView]",
            self._ask(
                Call("PUT", f"/v1/merchants/{_part(merchant_id)}/contact", body=body, key=idempotency_key or new_key())
            ),
        )

    def page(
        self, merchant_id: str, *, limit: int | None = None, cursor: str | None = None
    ) -> Awaitable[types.ChangeViewPage]:
        """List the changes of a shop's payout account and contact."""
        return cast(
            "Awaitable[types.ChangeViewPage]",
            self._ask(
                Call("GET", f"/v1/merchants/{_part(merchant_id)}/changes", query={"limit": limit, "cursor": cursor})
            ),
        )

    def payout_account(
        self, merchant_id: str, body: types.NewPayoutAccount, *, idempotency_key: str | None = None
    ) -> Awaitable[types.ChangeView]:
        """Ask to pay a shop's loans out to another account, which must be its own."""
        return cast(
            "Awaitable[types.ChangeView]",
            self._ask(
                Call(
                    "PUT",
                    f"/v1/merchants/{_part(merchant_id)}/payout-account",
                    body=body,
                    key=idempotency_key or new_key(),
                )
            ),
        )


class Connections(_Resource):
    """Calls about connections."""

    def add(
        self, merchant_id: str, body: types.NewConnection, *, idempotency_key: str | None = None
    ) -> Awaitable[types.ConnectionView]:
        """Connect a shop's account at a platform."""
        return cast(
            "Awaitable[types.ConnectionView]",
            self._ask(
                Call(
                    "POST",
                    f"/v1/merchants/{_part(merchant_id)}/connections",
                    body=body,
                    key=idempotency_key or new_key(),
                )
            ),
        )

    def change(
        self, merchant_id: str, connection_id: str, body: types.ConnectionChange
    ) -> Awaitable[types.ConnectionView]:
        """Tell the secret by which the platform signs from now on; calls signed by another are refused at once."""
        return cast(
            "Awaitable[types.ConnectionView]",
            self._ask(
                Call("PATCH", f"/v1/merchants/{_part(merchant_id)}/connections/{_part(connection_id)}", body=body)
            ),
        )

    def page(
        self, merchant_id: str, *, limit: int | None = None, cursor: str | None = None
    ) -> Awaitable[types.ConnectionViewPage]:
        """List a shop's connections, oldest first, removed ones too."""
        return cast(
            "Awaitable[types.ConnectionViewPage]",
            self._ask(
                Call("GET", f"/v1/merchants/{_part(merchant_id)}/connections", query={"limit": limit, "cursor": cursor})
            ),
        )

    def remove(self, merchant_id: str, connection_id: str) -> Awaitable[None]:
        """Take nothing in by a connection any more."""
        return cast(
            "Awaitable[None]",
            self._ask(Call("DELETE", f"/v1/merchants/{_part(merchant_id)}/connections/{_part(connection_id)}")),
        )

    def show(self, merchant_id: str, connection_id: str) -> Awaitable[types.ConnectionView]:
        """Show a connection."""
        return cast(
            "Awaitable[types.ConnectionView]",
            self._ask(Call("GET", f"/v1/merchants/{_part(merchant_id)}/connections/{_part(connection_id)}")),
        )


class Consents(_Resource):
    """Calls about consents."""

    def show(self, *, locale: str | None = None) -> Awaitable[types.SessionConsent]:
        """Show what the session's merchant agreed to, line by line, in the words that it agreed to."""
        return cast(
            "Awaitable[types.SessionConsent]", self._ask(Call("GET", "/widget/v1/consents", query={"locale": locale}))
        )


class Data(_Resource):
    """Calls about data."""

    def purchases(
        self, merchant_id: str, rows: Iterable[types.NewPurchase], *, source: Literal["partner", "hand"] | None = None
    ) -> Awaitable[types.Taken]:
        """Push orders, invoices, credit notes and payments to suppliers: as counts of stock are pushed."""
        return cast(
            "Awaitable[types.Taken]",
            self._ask(
                Call("POST", f"/v1/merchants/{_part(merchant_id)}/purchases", query={"source": source}, rows=rows)
            ),
        )

    def signals(
        self,
        merchant_id: str,
        rows: Iterable[types.Tax | types.UtilityBill | types.Logistics | types.Rating | types.Device | types.Cash],
        *,
        source: Literal["partner", "hand"] | None = None,
    ) -> Awaitable[types.Taken]:
        """Push signals (tax, utility, logistics, rating, device, cash), mixed as they come."""
        return cast(
            "Awaitable[types.Taken]",
            self._ask(Call("POST", f"/v1/merchants/{_part(merchant_id)}/signals", query={"source": source}, rows=rows)),
        )

    def status(self, merchant_id: str) -> Awaitable[types.DataStatus]:
        """Show where a merchant's data stand: per source what came last, gaps, refusals, freshness and trust."""
        return cast(
            "Awaitable[types.DataStatus]", self._ask(Call("GET", f"/v1/merchants/{_part(merchant_id)}/data-status"))
        )

    def stock(
        self, merchant_id: str, rows: Iterable[types.NewStock], *, source: Literal["partner", "hand"] | None = None
    ) -> Awaitable[types.Taken]:
        """Push counts of stock: one object, an array, or NDJSON, at most 10,000 rows."""
        return cast(
            "Awaitable[types.Taken]",
            self._ask(Call("POST", f"/v1/merchants/{_part(merchant_id)}/stock", query={"source": source}, rows=rows)),
        )


class Drawdowns(_Resource):
    """Calls about drawdowns."""

    def cancel(self, drawdown_id: str, *, idempotency_key: str | None = None) -> Awaitable[types.DrawdownView]:
        """Take a drawdown back before the bank is instructed."""
        return cast(
            "Awaitable[types.DrawdownView]",
            self._ask(Call("POST", f"/v1/drawdowns/{_part(drawdown_id)}/cancel", key=idempotency_key or new_key())),
        )

    def confirm(
        self, drawdown_id: str, body: types.Confirmation, *, idempotency_key: str | None = None
    ) -> Awaitable[types.DrawdownView]:
        """Play the merchant: confirm the terms that were shown."""
        return cast(
            "Awaitable[types.DrawdownView]",
            self._ask(
                Call(
                    "POST",
                    f"/v1/sandbox/drawdowns/{_part(drawdown_id)}/confirm",
                    body=body,
                    key=idempotency_key or new_key(),
                )
            ),
        )

    def propose(self, body: types.NewDrawdown, *, idempotency_key: str | None = None) -> Awaitable[types.DrawdownView]:
        """Propose to draw a quote."""
        return cast(
            "Awaitable[types.DrawdownView]",
            self._ask(Call("POST", "/v1/drawdowns", body=body, key=idempotency_key or new_key())),
        )

    def quote(self, body: types.NewQuote, *, idempotency_key: str | None = None) -> Awaitable[types.QuoteView]:
        """Price an amount on an offer."""
        return cast(
            "Awaitable[types.QuoteView]",
            self._ask(Call("POST", "/v1/quotes", body=body, key=idempotency_key or new_key())),
        )

    def show(self, drawdown_id: str) -> Awaitable[types.DrawdownView]:
        """Show a drawdown."""
        return cast("Awaitable[types.DrawdownView]", self._ask(Call("GET", f"/v1/drawdowns/{_part(drawdown_id)}")))


class Events(_Resource):
    """Calls about events."""

    def page(
        self,
        *,
        after: int | None = None,
        limit: int | None = None,
        type_: str | None = None,
        merchant_id: str | None = None,
    ) -> Awaitable[types.EventPage]:
        """List events after a position, in their order."""
        return cast(
            "Awaitable[types.EventPage]",
            self._ask(
                Call(
                    "GET",
                    "/v1/events",
                    query={"after": after, "limit": limit, "type": type_, "merchant_id": merchant_id},
                )
            ),
        )


class Grants(_Resource):
    """Calls about grants."""

    def erasure(self, grant_id: str) -> Awaitable[types.ErasureView]:
        """Show what was erased after a grant ended or was narrowed, and what is kept, why and until when."""
        return cast("Awaitable[types.ErasureView]", self._ask(Call("GET", f"/v1/grants/{_part(grant_id)}/erasure")))

    def revoke(self, grant_id: str) -> Awaitable[None]:
        """Give a grant back: its tokens end at once."""
        return cast("Awaitable[None]", self._ask(Call("DELETE", f"/v1/grants/{_part(grant_id)}")))

    def show(self, grant_id: str) -> Awaitable[types.GrantView]:
        """Show what a merchant granted to one of your clients, in force or not."""
        return cast("Awaitable[types.GrantView]", self._ask(Call("GET", f"/v1/grants/{_part(grant_id)}")))


class LoanStatements(_Resource):
    """Calls about loan statements."""

    def show(self, drawdown_id: str, *, locale: str | None = None) -> Awaitable[types.StatementView]:
        """Show a loan's statement: JSON, or with Accept text/csv a file, with text/html a page to print."""
        return cast(
            "Awaitable[types.StatementView]",
            self._ask(Call("GET", f"/v1/drawdowns/{_part(drawdown_id)}/statement", query={"locale": locale})),
        )


class Mandates(_Resource):
    """Calls about mandates."""

    def page(
        self, merchant_id: str, *, limit: int | None = None, cursor: str | None = None
    ) -> Awaitable[types.MandateViewPage]:
        """List a shop's mandates, oldest first."""
        return cast(
            "Awaitable[types.MandateViewPage]",
            self._ask(
                Call("GET", f"/v1/merchants/{_part(merchant_id)}/mandates", query={"limit": limit, "cursor": cursor})
            ),
        )


class Merchants(_Resource):
    """Calls about merchants."""

    def add(self, body: types.NewMerchant, *, idempotency_key: str | None = None) -> Awaitable[types.MerchantView]:
        """Bring a shop."""
        return cast(
            "Awaitable[types.MerchantView]",
            self._ask(Call("POST", "/v1/merchants", body=body, key=idempotency_key or new_key())),
        )

    def change(self, merchant_id: str, body: types.MerchantChange) -> Awaitable[types.MerchantView]:
        """Correct a shop's name, company id, category or date of registration."""
        return cast(
            "Awaitable[types.MerchantView]", self._ask(Call("PATCH", f"/v1/merchants/{_part(merchant_id)}", body=body))
        )

    def page(self, *, limit: int | None = None, cursor: str | None = None) -> Awaitable[types.MerchantViewPage]:
        """List the shops you brought."""
        return cast(
            "Awaitable[types.MerchantViewPage]",
            self._ask(Call("GET", "/v1/merchants", query={"limit": limit, "cursor": cursor})),
        )

    def show(self, merchant_id: str) -> Awaitable[types.MerchantView]:
        """Show a shop."""
        return cast("Awaitable[types.MerchantView]", self._ask(Call("GET", f"/v1/merchants/{_part(merchant_id)}")))

    def verification(self, merchant_id: str) -> Awaitable[types.VerificationView]:
        """Show what was last found about a shop."""
        return cast(
            "Awaitable[types.VerificationView]",
            self._ask(Call("GET", f"/v1/merchants/{_part(merchant_id)}/verification")),
        )


class Notices(_Resource):
    """Calls about notices."""

    def page(
        self, merchant_id: str, *, limit: int | None = None, cursor: str | None = None
    ) -> Awaitable[types.NoticeViewPage]:
        """List what a shop must be told, or was, oldest first."""
        return cast(
            "Awaitable[types.NoticeViewPage]",
            self._ask(
                Call("GET", f"/v1/merchants/{_part(merchant_id)}/notices", query={"limit": limit, "cursor": cursor})
            ),
        )

    def show(self, notice_id: str) -> Awaitable[types.NoticeView]:
        """Show one notice."""
        return cast("Awaitable[types.NoticeView]", self._ask(Call("GET", f"/v1/notices/{_part(notice_id)}")))


class Offers(_Resource):
    """Calls about offers."""

    def current(self, merchant_id: str) -> Awaitable[types.CurrentOffer]:
        """Show where a shop stands this moment: limit, what is available, and why."""
        return cast(
            "Awaitable[types.CurrentOffer]", self._ask(Call("GET", f"/v1/merchants/{_part(merchant_id)}/offer"))
        )

    def decision(self, decision_id: str) -> Awaitable[types.DecisionView]:
        """Show a decision and its reasons."""
        return cast("Awaitable[types.DecisionView]", self._ask(Call("GET", f"/v1/decisions/{_part(decision_id)}")))

    def decisions_page(
        self, merchant_id: str, *, limit: int | None = None, cursor: str | None = None
    ) -> Awaitable[types.DecisionViewPage]:
        """List the decisions about a shop, oldest first."""
        return cast(
            "Awaitable[types.DecisionViewPage]",
            self._ask(
                Call("GET", f"/v1/merchants/{_part(merchant_id)}/decisions", query={"limit": limit, "cursor": cursor})
            ),
        )

    def deliver(self, offer_id: str) -> Awaitable[types.OfferView]:
        """Tell that an offer was shown to the merchant."""
        return cast("Awaitable[types.OfferView]", self._ask(Call("POST", f"/v1/offers/{_part(offer_id)}/deliver")))

    def forecast(self, merchant_id: str) -> Awaitable[types.Forecasts]:
        """Forecast the next 7 and 30 days' net sales, and what the next week's sales will use up."""
        return cast(
            "Awaitable[types.Forecasts]", self._ask(Call("GET", f"/v1/merchants/{_part(merchant_id)}/forecast"))
        )

    def show(self, offer_id: str) -> Awaitable[types.OfferView]:
        """Show an offer as it was made."""
        return cast("Awaitable[types.OfferView]", self._ask(Call("GET", f"/v1/offers/{_part(offer_id)}")))


class Parties(_Resource):
    """Calls about parties."""

    def listed(self, merchant_id: str) -> Awaitable[types.Parties]:
        """List who stands behind a shop."""
        return cast("Awaitable[types.Parties]", self._ask(Call("GET", f"/v1/merchants/{_part(merchant_id)}/parties")))

    def put(self, merchant_id: str, body: types.NewParty) -> Awaitable[types.PartyView]:
        """Name an owner, controller, signatory or affiliate of a shop, or correct one: the same reference and
        role."""
        return cast(
            "Awaitable[types.PartyView]",
            self._ask(Call("POST", f"/v1/merchants/{_part(merchant_id)}/parties", body=body)),
        )

    def remove(self, merchant_id: str, party_id: str) -> Awaitable[None]:
        """Forget a party."""
        return cast(
            "Awaitable[None]",
            self._ask(Call("DELETE", f"/v1/merchants/{_part(merchant_id)}/parties/{_part(party_id)}")),
        )


class Peers(_Resource):
    """Calls about peers."""

    def show(self, merchant_id: str) -> Awaitable[types.Peers]:
        """Compare a shop with shops of its industry, country and size."""
        return cast("Awaitable[types.Peers]", self._ask(Call("GET", f"/v1/merchants/{_part(merchant_id)}/peers")))


class Progress(_Resource):
    """Calls about progress."""

    def show(self, drawdown_id: str) -> Awaitable[types.Progress]:
        """Show how a drawdown comes along: what was planned, what was paid, and what is likely ahead."""
        return cast("Awaitable[types.Progress]", self._ask(Call("GET", f"/v1/drawdowns/{_part(drawdown_id)}/progress")))


class Remittances(_Resource):
    """Calls about remittances."""

    def listed(self, *, limit: int | None = None, cursor: str | None = None) -> Awaitable[types.RemittanceViewPage]:
        """List the partner's remittances, oldest first."""
        return cast(
            "Awaitable[types.RemittanceViewPage]",
            self._ask(Call("GET", "/v1/remittances", query={"limit": limit, "cursor": cursor})),
        )

    def report(self, body: types.NewRemittance, *, idempotency_key: str | None = None) -> Awaitable[types.ReportedView]:
        """Report what was withheld, at most 1,000 lines."""
        return cast(
            "Awaitable[types.ReportedView]",
            self._ask(Call("POST", "/v1/remittances", body=body, key=idempotency_key or new_key())),
        )

    def show(self, remittance_id: str) -> Awaitable[types.RemittanceLines]:
        """Show a remittance, line by line."""
        return cast(
            "Awaitable[types.RemittanceLines]", self._ask(Call("GET", f"/v1/remittances/{_part(remittance_id)}"))
        )


class Repayments(_Resource):
    """Calls about repayments."""

    def listed(
        self, drawdown_id: str, *, limit: int | None = None, cursor: str | None = None
    ) -> Awaitable[types.RepaymentViewPage]:
        """List a drawdown's repayments, oldest first."""
        return cast(
            "Awaitable[types.RepaymentViewPage]",
            self._ask(
                Call("GET", f"/v1/drawdowns/{_part(drawdown_id)}/repayments", query={"limit": limit, "cursor": cursor})
            ),
        )

    def pay(
        self, drawdown_id: str, body: types.NewRepayment, *, idempotency_key: str | None = None
    ) -> Awaitable[types.RepaymentView]:
        """Pay early: a part, or with payoff all that is owed less the rebate."""
        return cast(
            "Awaitable[types.RepaymentView]",
            self._ask(
                Call(
                    "POST",
                    f"/v1/drawdowns/{_part(drawdown_id)}/repayments",
                    body=body,
                    key=idempotency_key or new_key(),
                )
            ),
        )

    def payoff(self, drawdown_id: str) -> Awaitable[types.PayoffView]:
        """Tell what clears a drawdown today, with the rebate of paying early."""
        return cast("Awaitable[types.PayoffView]", self._ask(Call("GET", f"/v1/drawdowns/{_part(drawdown_id)}/payoff")))


class Reviews(_Resource):
    """Calls about reviews."""

    def contest(
        self, decision_id: str, body: types.NewContest, *, idempotency_key: str | None = None
    ) -> Awaitable[types.ContestView]:
        """Contest a decision in the merchant's words: a person looks at it and decides."""
        return cast(
            "Awaitable[types.ContestView]",
            self._ask(
                Call("POST", f"/v1/decisions/{_part(decision_id)}/contest", body=body, key=idempotency_key or new_key())
            ),
        )


class Sales(_Resource):
    """Calls about sales."""

    def close(self, merchant_id: str, business_on: str, body: types.ZTotals) -> Awaitable[types.ClosedDay]:
        """Close a business day and every open day before it."""
        return cast(
            "Awaitable[types.ClosedDay]",
            self._ask(Call("POST", f"/v1/merchants/{_part(merchant_id)}/days/{_part(business_on)}/close", body=body)),
        )

    def push(self, merchant_id: str, rows: Iterable[types.NewSale]) -> Awaitable[types.Taken]:
        """Push sales, refunds and voids: one object, an array, or NDJSON, at most 10,000 rows."""
        return cast(
            "Awaitable[types.Taken]", self._ask(Call("POST", f"/v1/merchants/{_part(merchant_id)}/sales", rows=rows))
        )


class Sandbox(_Resource):
    """Calls about sandbox."""

    def advance(self, body: types.Advance) -> Awaitable[types.ClockView]:
        """Move gateway and bank on together, day by day, with all due work done: closes, payouts, repayments,
        expiries."""
        return cast("Awaitable[types.ClockView]", self._ask(Call("POST", "/v1/sandbox/clock/advance", body=body)))

    def begin(self, merchant_id: str, body: types.NewScenario) -> Awaitable[types.ScenarioView]:
        """Simulate a shop's till from now on, and history_days before now: whatever ran there before ends."""
        return cast(
            "Awaitable[types.ScenarioView]",
            self._ask(Call("POST", f"/v1/sandbox/merchants/{_part(merchant_id)}/scenario", body=body)),
        )

    def behave(self, merchant_id: str, body: types.BankBehaviour) -> Awaitable[types.BankBehaviour]:
        """Tell the sandbox's bank how to treat a shop from now on; what is left out is as it is at first."""
        return cast(
            "Awaitable[types.BankBehaviour]",
            self._ask(Call("PUT", f"/v1/sandbox/merchants/{_part(merchant_id)}/bank", body=body)),
        )

    def behaviour(self, merchant_id: str) -> Awaitable[types.BankBehaviour]:
        """Show how the sandbox's bank treats a shop."""
        return cast(
            "Awaitable[types.BankBehaviour]", self._ask(Call("GET", f"/v1/sandbox/merchants/{_part(merchant_id)}/bank"))
        )

    def end(self, merchant_id: str) -> Awaitable[None]:
        """End the scenario that runs at a shop; what was pushed stays."""
        return cast(
            "Awaitable[None]", self._ask(Call("DELETE", f"/v1/sandbox/merchants/{_part(merchant_id)}/scenario"))
        )

    def running(self, merchant_id: str) -> Awaitable[types.ScenarioView]:
        """Show the scenario that runs at a shop."""
        return cast(
            "Awaitable[types.ScenarioView]",
            self._ask(Call("GET", f"/v1/sandbox/merchants/{_part(merchant_id)}/scenario")),
        )

    def show(self) -> Awaitable[types.ClockView]:
        """Show the business clock."""
        return cast("Awaitable[types.ClockView]", self._ask(Call("GET", "/v1/sandbox/clock")))


class Schedules(_Resource):
    """Calls about schedules."""

    def show(self, drawdown_id: str) -> Awaitable[types.ScheduleView]:
        """Show a drawdown's due dates, with what has been paid of each."""
        return cast(
            "Awaitable[types.ScheduleView]", self._ask(Call("GET", f"/v1/drawdowns/{_part(drawdown_id)}/schedule"))
        )


class Summaries(_Resource):
    """Calls about summaries."""

    def drawdowns_page(
        self, merchant_id: str, *, limit: int | None = None, cursor: str | None = None
    ) -> Awaitable[types.DrawdownViewPage]:
        """List a shop's drawdowns, oldest first; those that ended stay."""
        return cast(
            "Awaitable[types.DrawdownViewPage]",
            self._ask(
                Call("GET", f"/v1/merchants/{_part(merchant_id)}/drawdowns", query={"limit": limit, "cursor": cursor})
            ),
        )

    def show(self, merchant_id: str) -> Awaitable[types.SummaryView]:
        """Show all that a widget shows at a glance, in one call."""
        return cast(
            "Awaitable[types.SummaryView]", self._ask(Call("GET", f"/v1/merchants/{_part(merchant_id)}/summary"))
        )


class Webhooks(_Resource):
    """Calls about webhooks."""

    def add(self, body: types.NewWebhook, *, idempotency_key: str | None = None) -> Awaitable[types.WebhookWithSecret]:
        """Register an endpoint for events from now on."""
        return cast(
            "Awaitable[types.WebhookWithSecret]",
            self._ask(Call("POST", "/v1/webhooks", body=body, key=idempotency_key or new_key())),
        )

    def change(self, webhook_id: str, body: types.WebhookChange) -> Awaitable[types.WebhookView]:
        """Change an endpoint, disable it, or enable it again."""
        return cast(
            "Awaitable[types.WebhookView]", self._ask(Call("PATCH", f"/v1/webhooks/{_part(webhook_id)}", body=body))
        )

    def listed(self, *, limit: int | None = None, cursor: str | None = None) -> Awaitable[types.WebhookViewPage]:
        """List your endpoints."""
        return cast(
            "Awaitable[types.WebhookViewPage]",
            self._ask(Call("GET", "/v1/webhooks", query={"limit": limit, "cursor": cursor})),
        )

    def log(
        self, webhook_id: str, *, limit: int | None = None, cursor: str | None = None
    ) -> Awaitable[types.DeliveryViewPage]:
        """List what was or is to be sent to an endpoint, newest first, each with its attempts."""
        return cast(
            "Awaitable[types.DeliveryViewPage]",
            self._ask(
                Call("GET", f"/v1/webhooks/{_part(webhook_id)}/deliveries", query={"limit": limit, "cursor": cursor})
            ),
        )

    def ping(self, webhook_id: str, *, idempotency_key: str | None = None) -> Awaitable[types.DeliveryView]:
        """Send a webhook.pinged to this endpoint alone."""
        return cast(
            "Awaitable[types.DeliveryView]",
            self._ask(Call("POST", f"/v1/webhooks/{_part(webhook_id)}/ping", key=idempotency_key or new_key())),
        )

    def remove(self, webhook_id: str) -> Awaitable[None]:
        """Delete an endpoint and its keys."""
        return cast("Awaitable[None]", self._ask(Call("DELETE", f"/v1/webhooks/{_part(webhook_id)}")))

    def replay(
        self, webhook_id: str, body: types.Replay, *, idempotency_key: str | None = None
    ) -> Awaitable[types.Replayed]:
        """Send events again: by their ids, or those of its types in a range of positions or times, at most 1,000 at
        once."""
        return cast(
            "Awaitable[types.Replayed]",
            self._ask(
                Call("POST", f"/v1/webhooks/{_part(webhook_id)}/replay", body=body, key=idempotency_key or new_key())
            ),
        )

    def rotate(
        self, webhook_id: str, body: types.Rotation, *, idempotency_key: str | None = None
    ) -> Awaitable[types.WebhookWithSecret]:
        """Make a new secret."""
        return cast(
            "Awaitable[types.WebhookWithSecret]",
            self._ask(
                Call(
                    "POST",
                    f"/v1/webhooks/{_part(webhook_id)}/rotate-secret",
                    body=body,
                    key=idempotency_key or new_key(),
                )
            ),
        )

    def show(self, webhook_id: str) -> Awaitable[types.WebhookView]:
        """Show an endpoint."""
        return cast("Awaitable[types.WebhookView]", self._ask(Call("GET", f"/v1/webhooks/{_part(webhook_id)}")))


class Widget(_Resource):
    """Calls about widget."""

    def create(self, body: types.NewSession, *, idempotency_key: str | None = None) -> Awaitable[types.Made]:
        """Vouch for who is at a till, so that the frame can be opened there: once, within 60 seconds."""
        return cast(
            "Awaitable[types.Made]",
            self._ask(Call("POST", "/v1/widget/sessions", body=body, key=idempotency_key or new_key())),
        )

    def end(self, session_id: str) -> Awaitable[None]:
        """End a session and the frame's token at once: the person left the till."""
        return cast("Awaitable[None]", self._ask(Call("DELETE", f"/v1/widget/sessions/{_part(session_id)}")))


class Resources:
    """Every resource of the gateway."""

    def __init__(self, ask: Callable[[Call], Any]) -> None:
        """`ask` does a call."""
        self.agreements = Agreements(ask)
        self.arrangements = Arrangements(ask)
        self.authorities = Authorities(ask)
        self.changes = Changes(ask)
        self.connections = Connections(ask)
        self.consents = Consents(ask)
        self.data = Data(ask)
        self.drawdowns = Drawdowns(ask)
        self.events = Events(ask)
        self.grants = Grants(ask)
        self.loan_statements = LoanStatements(ask)
        self.mandates = Mandates(ask)
        self.merchants = Merchants(ask)
        self.notices = Notices(ask)
        self.offers = Offers(ask)
        self.parties = Parties(ask)
        self.peers = Peers(ask)
        self.progress = Progress(ask)
        self.remittances = Remittances(ask)
        self.repayments = Repayments(ask)
        self.reviews = Reviews(ask)
        self.sales = Sales(ask)
        self.sandbox = Sandbox(ask)
        self.schedules = Schedules(ask)
        self.summaries = Summaries(ask)
        self.webhooks = Webhooks(ask)
        self.widget = Widget(ask)
