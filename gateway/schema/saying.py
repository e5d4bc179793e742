"""graphql-core's errors, said in Chinese and English: which name is wrong and where, never a value, never a hint.

The English is graphql-core's own, less suggestions, because they rebuild a hidden schema, and less every value,
which may be a citizen ID: of what the caller wrote only names are said back. The Chinese is drawn from that
English, sentence by sentence, so that it can hold nothing that the English does not. A sentence that is not
in the table, as a newer graphql-core may bring, is told by its place; it is never passed on untranslated.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from graphql import GraphQLError, OperationDefinitionNode, ValueNode, VariableNode, print_ast

from gateway.schema.words import NotACode
from policies.model import Words

# What graphql-core adds to its words: what it found instead, and hints that rebuild a schema
EXTRAS = re.compile(
    r"[,;] (?:found|did you mean)\b.*| Did you mean .*| (?:Name|Int|Float|(?:Block)?String) ['\"].*", re.DOTALL
)
QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
SAYABLE = re.compile(r".[@$\[]*[A-Za-z_]\w*(?:[.(]+[A-Za-z_]\w*)*[:)\]!]*.|.[!-~]{1,3}.", re.ASCII)  # a name, a sign
CODE = re.compile(r"[0-9]{6}")
VARIABLE = re.compile(r"Variable '\$(?P<name>\w+)'(?: has invalid value)?(?P<place> at [.\w\[\]]+)?")

NOUNS = {
    "query": "查询", "mutation": "变更", "subscription": "订阅", "field": "字段", "schema": "模式",
    "fragment definition": "片段定义", "fragment spread": "片段展开", "inline fragment": "内联片段",
    "variable definition": "变量定义", "fragment variable definition": "片段变量定义",
    "<EOF>": "文档结尾", "Name": "名称", "Int": "整数", "Float": "小数", "String": "字符串", "BlockString": "块字符串",
}  # fmt: skip
# A name in quotes or what stands for it, a sign in quotes, a noun, a number or code point; or several of them
ITEM = rf"(?:'[^']*'|'\S{{1,3}}'|\"[^\"]*\"|…|{'|'.join(map(re.escape, NOUNS))}|[0-9]+|U\+[0-9A-F]+)"

SYNTAX = {
    "Unexpected": "此处的内容不符合语法",
    "Unexpected {a}": "此处不应有 {a}",
    "Expected {a}": "此处应为 {a}",
    "Unterminated string": "字符串没有结束",
    "Invalid Unicode escape sequence: {a}": "Unicode 转义序列无效：{a}",
    "Invalid character escape sequence: {a}": "字符转义序列无效：{a}",
    "Invalid number, expected digit but got: {a}": "数字无效：应为数字，却是 {a}",
    "Invalid number, unexpected digit after 0: {a}": "数字无效：0 之后不应有 {a}",
    "Invalid number, expected digit before {a}": "数字无效：{a} 之前应有数字",
    "Invalid character within String: {a}": "字符串内有无效字符 {a}",
    "Invalid character: {a}": "无效字符 {a}",
    "Unexpected character: {a}": "此处不应有字符 {a}",
    "Unexpected single quote character (')": "此处不应有单引号，字符串请用双引号",
    "Unexpected variable {a} in constant value": "常量中不应有变量 {a}",
    "Unexpected description, descriptions are not supported on shorthand queries": "简写的查询不能带描述",
    "Unexpected description, only GraphQL definitions support descriptions": "只有定义才能带描述",
    "Document contains more than {a} tokens. Parsing aborted": "文档超过 {a} 个词法单元，已停止解析",
    "Document contains more than {a} comments. Parsing aborted": "文档超过 {a} 条注释，已停止解析",
    "Source contains more than {a} code points. Parsing aborted": "文档超过 {a} 个字符，已停止解析",
    "Document is nested too deeply. Parsing aborted": "文档嵌套过深，已停止解析",
}
RULES = {
    "The {a} definition is not executable": "定义 {a} 不可执行",
    "The {a} operation is not supported by the schema": "模式不支持{a}操作",
    "There can be only one operation named {a}": "名为 {a} 的操作只能有一个",
    "This anonymous operation must be the only defined operation": "匿名操作必须是文档中唯一的操作",
    "Unknown type {a}": "没有类型 {a}",
    "Fragment cannot condition on non composite type {a}": "片段不能以非复合类型 {a} 为条件",
    "Fragment {a} cannot condition on non composite type {b}": "片段 {a} 不能以非复合类型 {b} 为条件",
    "Variable {a} cannot be non-input type {b}": "变量 {a} 不能是非输入类型 {b}",
    "Field {a} must not have a selection since type {b} has no subfields": "字段 {a} 不能再选子字段，类型 {b} 没有",
    "Field {a} of type {b} must have a selection of subfields": "字段 {a} 的类型是 {b}，必须选出子字段",
    "Field {a} of type {b} must have at least one field selected": "字段 {a} 的类型是 {b}，至少须选一个子字段",
    "Cannot query field {a} on type {b}": "类型 {b} 没有字段 {a}",
    "There can be only one fragment named {a}": "名为 {a} 的片段只能有一个",
    "Unknown fragment {a}": "没有片段 {a}",
    "Fragment {a} is never used": "片段 {a} 未被使用",
    "Fragment cannot be spread here as objects of type {a} can never be of type {b}":
        "片段不能在此展开：类型 {a} 的对象不可能是类型 {b}",
    "Fragment {c} cannot be spread here as objects of type {a} can never be of type {b}":
        "片段 {c} 不能在此展开：类型 {a} 的对象不可能是类型 {b}",
    "Cannot spread fragment {a} within itself": "片段 {a} 不能展开自身",
    "Cannot spread fragment {a} within itself via {b}": "片段 {a} 不能经由 {b} 展开自身",
    "There can be only one variable named {a}": "名为 {a} 的变量只能有一个",
    "Variable {a} is not defined": "变量 {a} 没有声明",
    "Variable {a} is not defined by operation {b}": "操作 {b} 没有声明变量 {a}",
    "Variable {a} is never used": "变量 {a} 未被使用",
    "Variable {a} is never used in operation {b}": "操作 {b} 没有使用变量 {a}",
    "Variable {a} is never used in fragment {b}": "片段 {b} 没有使用变量 {a}",
    "Unknown directive {a}": "没有指令 {a}",
    "Directive {a} may not be used on {b}": "指令 {a} 不能用于{b}",
    "The directive {a} can only be used once at this location": "指令 {a} 在此处只能使用一次",
    "Stream directive cannot be used on root {a} type {b}": "`@stream` 不能用于{a}的根类型 {b}",
    "Defer directive cannot be used on root {a} type {b}": "`@defer` 不能用于{a}的根类型 {b}",
    "Stream directive not supported on subscription operations. Disable `@stream` by setting the `if` argument to "
    "`false`": "订阅操作不支持 `@stream`，请将其 `if` 设为 `false`",
    "Defer directive not supported on subscription operations. Disable `@defer` by setting the `if` argument to "
    "`false`": "订阅操作不支持 `@defer`，请将其 `if` 设为 `false`",
    "Stream directive label argument must be a static string": "`@stream` 的 `label` 必须是固定的文本",
    "Defer directive label argument must be a static string": "`@defer` 的 `label` 必须是固定的文本",
    "Defer/Stream directive label argument must be unique": "`@defer` 与 `@stream` 的 `label` 不能重复",
    "Stream directive cannot be used on non-list field on type {b}": "`@stream` 不能用于类型 {b} 的非列表字段",
    "Stream directive cannot be used on non-list field {a} on type {b}": "`@stream` 不能用于类型 {b} 的非列表字段 {a}",
    "Unknown argument {a} on directive {b}": "指令 {b} 没有参数 {a}",
    "Unknown argument {a} on fragment {b}": "片段 {b} 没有参数 {a}",
    "Unknown argument {a} on field {b}": "字段 {b} 没有参数 {a}",
    "There can be only one argument named {a}": "名为 {a} 的参数只能有一个",
    "Argument {a} of type {b} is required, but it was not provided": "缺少必需的参数 {a}，其类型为 {b}",
    "Fragment {a} argument {b} of type {c} is required, but it was not provided":
        "片段 {a} 缺少必需的参数 {b}，其类型为 {c}",
    "Variable {a} of type {b} used in position expecting type {c}": "变量 {a} 的类型是 {b}，而此处应为类型 {c}",
    "Variable {a} is of type {b} but must be non-nullable to be used for OneOf Input Object {c}":
        "变量 {a} 的类型是 {b}，用于单选输入对象 {c} 时不能为空",
    "There can be only one input field named {a}": "名为 {a} 的输入字段只能有一个",
    "Expected value of type {a} not to include unknown field {b}": "类型 {a} 没有输入字段 {b}",
    "Maximum introspection depth exceeded": "自省的层数超出上限",
    "Too many validation errors, error limit reached. Validation aborted": "错误过多，已停止校验",
    "Validation aborted": "校验已停止",
    **{
        f"{who} {what}": f"{whose} {rule}"
        for who, whose in {"Anonymous Subscription": "匿名订阅", "Subscription {a}": "订阅 {a}"}.items()
        for what, rule in {
            "must not use `@skip` or `@include` directives in the top level selection":
                "的顶层选择不能使用 `@skip` 或 `@include`",
            "must select one top level field": "必须选出一个顶层字段",
            "must select only one top level field": "只能选出一个顶层字段",
            "must not select an introspection top level field": "的顶层不能选自省字段",
        }.items()
    },
}  # fmt: skip
BETWEEN = re.compile("(?<=[\u3400-\u9fff]) (?=[\u3400-\u9fff])")  # Chinese stands beside Chinese without a space
CONFLICT = re.compile(r"(?P<kind>Fields|Spreads) (?P<name>'[^']*'|…) conflict because (?P<why>.*)", re.DOTALL)
WHY = {
    "subfields {a} conflict because ": "子字段 {a} 冲突：",
    "{a} and {b} are different fields": "{a} 与 {b} 是不同的字段；",
    "they have differing arguments": "参数不同；",
    "they have overlapping stream directives": "`@stream` 指令重叠；",
    "they return conflicting types {a} and {b}": "返回的类型 {a} 与 {b} 冲突；",
}


def _patterns(table: dict[str, str], before: str = "") -> list[tuple[re.Pattern[str], str]]:
    """Sentences with slots `{a}` -> what matches them, and their translation."""

    def slot(match: re.Match[str]) -> str:
        return f"(?P<{match[1]}>{ITEM}(?:, {ITEM})*)"

    return [(re.compile(re.sub(r"\\{(\w)\\}", slot, re.escape(before + en))), zh) for en, zh in table.items()]


SENTENCES = [*_patterns({"": "此处的名称是保留字", **SYNTAX}, "Syntax Error: "), *_patterns(RULES)]
REASONS = _patterns(WHY)


def said(error: GraphQLError) -> Words:
    """A wrong literal is told by its place, and by the words of our own scalars; names are told, values never."""
    if any(isinstance(node, ValueNode) and not isinstance(node, VariableNode) for node in error.nodes or ()):
        own = _expected(error.original_error)
        return Words(f"此处的值不符合类型{own.zh}", f"the value here does not fit its type{own.en}")

    def sayable(quoted: re.Match[str]) -> str:
        return quoted[0] if SAYABLE.fullmatch(quoted[0]) and not CODE.search(quoted[0]) else "…"

    english = QUOTED.sub(sayable, EXTRAS.sub("", error.message))
    return Words(in_chinese(english) or _by_place(error), english)


def misfit(node: OperationDefinitionNode, error: GraphQLError) -> Words:
    """A variable that does not fit: named with its place and its type, never with what was given."""
    types = {item.variable.name.value: print_ast(item.type) for item in node.variable_definitions or ()}
    match = VARIABLE.match(error.message)
    if match is None or match["name"] not in types:
        return Words("有变量不符合查询所声明的类型", "a variable does not fit the type that the query declares")
    name, kind, place = match["name"], types[match["name"]], match["place"] or ""
    there = f"在 `{place.removeprefix(' at ')}` 处" if place else ""
    own = _expected(getattr(error.original_error, "original_error", None))
    return Words(
        f"变量 `${name}` {there}不符合类型 `{kind}`{own.zh}",
        f"variable `${name}`{place} does not fit its type `{kind}`{own.en}",
    )


def _expected(error: Exception | None) -> Words:
    """What a scalar of ours says that it takes, to stand at the end of a sentence; nothing where none says so."""
    return Words(f"：{error.words.zh}", f": {error.words.en}") if isinstance(error, NotACode) else Words("", "")


def in_chinese(english: str) -> str | None:
    """The Chinese of a sentence of graphql-core's; None for a sentence that is not known."""
    sentence = english.removesuffix(".")
    for pattern, chinese in SENTENCES:
        if match := pattern.fullmatch(sentence) or pattern.fullmatch(sentence + " "):
            return _filled(chinese, match)
    if match := CONFLICT.fullmatch(sentence):
        what = "字段" if match["kind"] == "Fields" else "片段展开"
        reasons = "".join(_reasons(match["why"])).rstrip("；：")
        return f"{what} {match['name']} 冲突" + (f"：{reasons}" if reasons else "") + "；若是有意，请使用不同的别名"
    return None


def _reasons(why: str) -> Iterable[str]:
    """The known reasons of a conflict in their order; graphql-core cuts a long list off in the middle of a word."""
    found = [(match.start(), _filled(zh, match)) for pattern, zh in REASONS for match in pattern.finditer(why)]
    return [chinese for _, chinese in sorted(found)]


def _filled(chinese: str, match: re.Match[str]) -> str:
    filled = chinese.format_map({slot: NOUNS.get(text, text) for slot, text in match.groupdict().items()})
    return BETWEEN.sub("", filled)


def _by_place(error: GraphQLError) -> str:
    places: list[Any] = list(error.locations or ())
    return ("、".join(f"第 {place.line} 行第 {place.column} 列" for place in places) or "此") + "处有误"
