"""Every error that a caller can meet, drawn once, and the only table from error to code, status and words.

    GatewayError                       said to the caller, by code
    ├── Refused                        before anything was asked of a platform; the answer has no data
    │   ├── MALFORMED_REQUEST 400      TOO_LARGE 413            METHOD_NOT_ALLOWED 405
    │   ├── UNSUPPORTED_MEDIA_TYPE 415 NOT_ACCEPTABLE 406       CROSS_SITE 403
    │   ├── PERSISTED_QUERY_NOT_FOUND 400                       DOCUMENT_NOT_TRUSTED 403
    │   ├── INVALID_TOKEN 401          ISSUER_UNAVAILABLE 503
    │   ├── CLIENT_FROZEN 403          DELEGATION_REFUSED 403
    │   ├── PURPOSE_UNKNOWN 400        PURPOSE_REQUIRED 400
    │   ├── PURPOSE_NOT_HELD 403       EVIDENCE_REQUIRED 400
    │   ├── GRAPHQL_PARSE_FAILED 400   GRAPHQL_VALIDATION_FAILED 400   OPERATION_UNKNOWN 400
    │   ├── BAD_VARIABLES 400          LIMIT_EXCEEDED 400
    │   ├── INVALID_SUBJECT_KEY 400    INVALID_ARGUMENT 400     INVALID_CURSOR 400
    │   ├── QUOTA_EXCEEDED 429
    │   └── OVERLOADED 503             AUDIT_UNAVAILABLE 503    INTERNAL 500
    ├── INCOMPLETE 503                 a partial answer, where the caller asked to fail closed
    └── PLATFORM_*                     beside the data of a partial answer, one per platform and type

What is not in the table becomes INTERNAL with the request's reference number; the cause stays in the
operator's log. All words exist in Chinese and in English, whole. They never hold a value of a record, a
platform's text, or the name of a denied thing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.model import Answer
from policies.model import Words


@dataclass(frozen=True, slots=True)
class Entry:
    status: int
    zh: str
    en: str


TABLE: Mapping[str, Entry] = {
    "MALFORMED_REQUEST": Entry(400, "请求格式错误：{detail}", "the request is malformed: {detail}"),
    "TOO_LARGE": Entry(413, "请求过大，上限 {limit} 字节", "the request is larger than {limit} bytes"),
    "METHOD_NOT_ALLOWED": Entry(405, "仅支持 POST", "only POST is answered here"),
    "CROSS_SITE": Entry(403, "不答复其他网站页面发出的 `GET` 请求", "a page of another site may not ask by `GET`"),
    "UNSUPPORTED_MEDIA_TYPE": Entry(415, "请以 application/json 发送", "send the body as application/json"),
    "NOT_ACCEPTABLE": Entry(
        406,
        "请接受 application/graphql-response+json 或 application/json",
        "accept application/graphql-response+json or application/json",
    ),
    "INVALID_TOKEN": Entry(401, "访问令牌无效", "the access token is not valid here"),
    "ISSUER_UNAVAILABLE": Entry(
        503, "签发方暂时无法访问，无法核验令牌", "the token's issuer cannot be reached to verify it; try again shortly"
    ),
    "CLIENT_FROZEN": Entry(
        403, "该客户端已被冻结，请联系网关运营方", "this client is frozen; ask the gateway's operator"
    ),
    "DELEGATION_REFUSED": Entry(
        403, "不接受代为查询：{detail}", "no question is taken on somebody else's behalf here: {detail}"
    ),
    "PURPOSE_UNKNOWN": Entry(400, "目的未知{detail}", "unknown purpose{detail}"),
    "PURPOSE_REQUIRED": Entry(
        400,
        "令牌含多个目的，请用 Credit-Purpose 选择其一",
        "the token holds several purposes; choose one with the header Credit-Purpose",
    ),
    "PURPOSE_NOT_HELD": Entry(403, "令牌不含该目的", "the token does not hold this purpose"),
    "EVIDENCE_REQUIRED": Entry(400, "该目的须提供依据：{detail}", "this purpose needs evidence: {detail}"),
    "PERSISTED_QUERY_NOT_FOUND": Entry(
        400, "没有该标识的查询文档，请附上 `query` 再试", "no document of this id is known; send it with `query`"
    ),
    "DOCUMENT_NOT_TRUSTED": Entry(
        403, "本网关只答复已登记的查询文档", "only the documents that are registered at this gateway are answered"
    ),
    "GRAPHQL_PARSE_FAILED": Entry(400, "查询语法错误：{detail}", "{detail}"),
    "GRAPHQL_VALIDATION_FAILED": Entry(400, "查询不符合模式：{detail}", "{detail}"),
    "OPERATION_UNKNOWN": Entry(400, "找不到要执行的操作：{detail}", "{detail}"),
    "BAD_VARIABLES": Entry(400, "变量不符合模式：{detail}", "{detail}"),
    "LIMIT_EXCEEDED": Entry(400, "查询超出上限：{detail}", "the query exceeds a limit: {detail}"),
    "INVALID_SUBJECT_KEY": Entry(400, "主体标识无效：{detail}", "the subject key is not valid: {detail}"),
    "INVALID_ARGUMENT": Entry(400, "参数无效：{detail}", "an argument is not valid: {detail}"),
    "INVALID_CURSOR": Entry(
        400, "游标无效或属于另一查询", "the cursor is not valid for this question; ask again without `after`"
    ),
    "TOO_MANY_NEW_DOCUMENTS": Entry(
        429,
        "该客户端的新查询文档过多；请将取值写入变量并重复使用同一文档，或稍后再试",
        "too many new documents from this client: put values into variables and send the same document, or wait",
    ),
    "QUOTA_EXCEEDED": Entry(429, "配额已用尽：{detail}", "a quota is used up: {detail}"),
    "OVERLOADED": Entry(503, "网关繁忙，请稍后再试", "the gateway is busy; try again shortly"),
    "AUDIT_UNAVAILABLE": Entry(503, "暂时无法记录查询，请稍后再试", "the question cannot be recorded now; try again"),
    "INTERNAL": Entry(500, "内部错误，编号 {reference}", "internal error, reference {reference}"),
    "INCOMPLETE": Entry(503, "答复不完整，已按要求拒绝", "the answer would be incomplete and was refused as asked"),
    "PLATFORM_UNAVAILABLE": Entry(200, "平台 {platform} 无法访问", "{platform} is not available"),
    "PLATFORM_TIMEOUT": Entry(200, "平台 {platform} 未按时答复", "{platform} did not answer in time"),
    "PLATFORM_BUSY": Entry(200, "平台 {platform} 繁忙", "{platform} is busy"),
    "PLATFORM_MAINTENANCE": Entry(200, "平台 {platform} 维护中", "{platform} is under maintenance"),
    "PLATFORM_DENIED_BY_SOURCE": Entry(200, "平台 {platform} 拒绝答复", "{platform} refused to answer"),
    "PLATFORM_INVALID": Entry(200, "平台 {platform} 的数据不符合约定", "{platform} answered against its declaration"),
    "PLATFORM_TRUNCATED": Entry(200, "平台 {platform} 的记录过多，已截断", "{platform} holds more than was read"),
}


class GatewayError(Exception):
    """An error of the table. `detail` and `params` fill the words, params being the same in every language;
    `cause` is for the operator's log only. `signal` is what a protocol says instead of words, which its clients compare
    letter by letter."""

    def __init__(
        self,
        code: str,
        *,
        path: Sequence[str | int] | None = None,
        locations: Sequence[Mapping[str, int]] | None = None,
        headers: Mapping[str, str] | None = None,
        cause: str = "",
        detail: Words | None = None,
        signal: str = "",
        **params: str | int,
    ) -> None:
        self.code = code
        self.signal = signal
        self.path = path
        self.locations = locations
        self.headers = dict(headers or {})
        self.detail = detail
        self.params: Mapping[str, str | int] = params
        self.cause = cause
        super().__init__(code)

    @property
    def status(self) -> int:
        return TABLE[self.code].status

    def words(self, language: str = "en") -> str:
        """The whole sentence; `language` is `zh` or `en`."""
        if self.signal:
            return self.signal
        entry, detail = TABLE[self.code], self.detail or Words("", "")
        if language == "zh":
            return entry.zh.format_map({"detail": detail.zh, **self.params})
        return entry.en.format_map({"detail": detail.en, **self.params})

    def as_graphql(self, language: str = "en") -> dict[str, Any]:
        """The entry of a GraphQL response's `errors`."""
        extensions: dict[str, Any] = {"code": self.code}
        if "platform" in self.params:
            extensions["platform"] = self.params["platform"]
        entry: dict[str, Any] = {"message": self.words(language), "extensions": extensions}
        if self.path is not None:
            entry["path"] = list(self.path)
        if self.locations:
            entry["locations"] = [dict(location) for location in self.locations]
        return entry


class Refusal(GatewayError):
    """One or more errors that end a request before anything was asked; the first one gives the status."""

    def __init__(self, errors: Sequence[GatewayError]) -> None:
        self.errors = tuple(errors)
        first = self.errors[0]
        super().__init__(first.code, path=first.path, headers=first.headers, cause=first.cause, detail=first.detail)
        self.params = first.params


def refused(error: GatewayError, language: str) -> Answer:
    """The answer without data; every error of a Refusal is told."""
    errors: tuple[Any, ...] = error.errors if isinstance(error, Refusal) else (error,)
    told = tuple(item.as_graphql(language) for item in errors)
    return Answer(None, told, {"complete": False}, False, error.status, error.headers)
