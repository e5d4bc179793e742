// The explorer's script: sends what GraphiQL asks to /graphql with the token and purpose of the strip, and says
// in words what the answer says of itself (complete or not, each source, each withheld field with its reason).
// It promises that token, questions and answers stay in this page's memory; it never writes to the browser's
// storage, never asks another host, and never puts anything of a subject into the address.
"use strict";

const STATUS = {
  ANSWERED: ["good", "✓", "已答复", "answered"],
  NONE: ["good", "○", "已答复，无记录", "answered: no record"],
  NOT_ASKED: ["warn", "–", "未询问", "not asked"],
  DENIED: ["warn", "⊘", "依规则不予询问", "not permitted, so not asked"],
  DENIED_BY_SOURCE: ["warn", "⊘", "平台拒绝", "refused by the platform"],
  TIMEOUT: ["bad", "✕", "超时未答", "no answer in time"],
  UNAVAILABLE: ["bad", "✕", "平台不可用", "platform down"],
  BUSY: ["bad", "✕", "平台繁忙", "platform busy"],
  MAINTENANCE: ["warn", "✕", "平台维护中", "under maintenance"],
  INVALID: ["bad", "✕", "答复不合约定", "answer broke the contract"],
  TRUNCATED: ["warn", "◐", "未取全", "more than could be read"],
  STALE: ["warn", "◐", "数据过期", "data out of date"],
};

const NOT_SENT = {
  zh: "提问未能发出；请检查令牌、目的与网络连接",
  en: "the question could not be sent; check the token, the purpose and the connection",
};

const byId = (id) => document.getElementById(id);

function element(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) made.setAttribute(name, value);
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** One phrase in both languages; the sheet shows the chosen one. */
function words(zh, en) {
  const both = document.createDocumentFragment();
  both.append(element("span", { lang: "zh" }, String(zh)), " ", element("span", { lang: "en" }, String(en)));
  return both;
}

/** A reason as the gateway gives it: `{zh, en}`, or plain text. */
const reason = (given) => (given && given.zh ? words(given.zh, given.en) : String(given || ""));

// ---- what the answer says of itself

function sourceLine(source) {
  const [tone, sign, zh, en] = STATUS[source.status] || ["warn", "?", source.status, source.status];
  const count = source.records;
  const facts = [source.region, source.type].filter(Boolean);
  if (count) facts.push(words(`${count} 条`, `${count} ${count === 1 ? "record" : "records"}`));
  if (source.asOf) facts.push(words(`截至 ${source.asOf}`, `as of ${source.asOf}`));
  return element("li", {},
    element("strong", { class: tone }, `${sign} `, words(zh, en)),
    element("code", {}, String(source.platform)),
    element("span", { class: "quiet" }, ...facts.flatMap((fact, index) => (index ? [" · ", fact] : [fact]))),
    source.reason ? element("span", {}, reason(source.reason)) : null,
    ...(source.absent || []).map((field) =>
      element("span", { class: "quiet" }, words("平台没有此字段", "The platform has not got"), " ", element("code", {}, String(field)))));
}

function withheldLine(entry) {
  const step = entry.step ? `（${entry.step}）` : "";
  const effect = {
    DENY: ["⊘ ", "未给出", "not given"],
    MASK: ["◐ ", `已遮蔽${step}`, `masked${entry.step ? ` (${entry.step})` : ""}`],
    HIDE: ["⊘ ", "此规则所及的记录不显示", "records that this rule covers are not shown"],
  }[entry.effect] || ["? ", entry.effect, entry.effect];
  return element("li", {},
    element("strong", {}, effect[0], words(effect[1], effect[2])),
    ...(entry.paths || [entry.path || entry.coordinate]).map((path) => element("code", {}, String(path))),
    entry.platform ? element("span", { class: "quiet" }, words("由此平台", "By"), " ", element("code", {}, String(entry.platform))) : null,
    entry.subjects ? element("span", { class: "quiet" }, words("主体序号（自 0 起）：", "Subjects, counted from 0: "), entry.subjects.join(", ")) : null,
    element("span", {}, reason(entry.reason)),
    entry.remedy ? element("span", { class: "quiet" }, words("可行办法：", "Remedy: "), reason(entry.remedy)) : null,
    entry.contact ? element("span", { class: "quiet" }, words("联系：", "Contact: "), reason(entry.contact)) : null,
    element("span", { class: "quiet" }, words("规则", "Rule"), " ", element("code", {}, String(entry.rule))));
}

function errorLine(error) {
  const details = error.extensions || {};
  return element("li", {},
    element("strong", { class: "bad" }, "✕ ", String(details.code || "ERROR")),
    element("span", {}, reason(error.message)),
    details.platform ? element("code", {}, String(details.platform)) : null);
}

function list(zh, en, items, line) {
  return items.length
    ? [element("h3", {}, words(`${zh}（${items.length}）`, `${en} (${items.length})`)), element("ul", {}, ...items.map(line))]
    : [];
}

function verdict(answer, says) {
  if (!answer.data) return ["bad", "✕", "没有回答", "No answer"];
  if (says.complete === true) return ["good", "✓", "完整：可能存有此类记录的平台都已完整答复", "Complete: every platform that could hold such records answered in full"];
  if (says.complete === false) return ["warn", "◐", "不完整：有平台未答、未问或未取全", "Not complete: a platform did not answer, was not asked, or not read in full"];
  return ["warn", "–", "回答没有说明是否完整", "The answer does not say whether it is complete"];
}

function explain(answer) {
  const says = answer.extensions || {};
  const [tone, sign, zh, en] = verdict(answer, says);
  byId("verdict").dataset.tone = tone;
  byId("verdict").replaceChildren(`${sign} `, words(zh, en));
  const trace = [["decision", "决定", "Decision"], ["policy", "规则版本", "Policy"], ["receipt", "回执", "Receipt"]]
    .filter(([key]) => says[key]);
  byId("particulars").replaceChildren(
    ...list("错误", "Errors", answer.errors || [], errorLine),
    ...list("来源", "Sources", says.sources || [], sourceLine),
    ...list("未给出或已遮蔽", "Withheld or masked", says.withheld || [], withheldLine),
    ...list("义务", "Obligations", says.obligations || [], (item) => element("li", {}, element("code", {}, String(item)))),
    ...list("留痕", "For the record", trace, ([key, nameZh, nameEn]) =>
      element("li", {}, words(nameZh, nameEn), element("code", {}, String(says[key])))));
}

// ---- asking

/** GraphiQL learns the operation's name a moment after the text has changed; a name of the former text is left out. */
function current({ query, variables, operationName }) {
  return { query, variables, ...(query.includes(operationName) && { operationName }) };
}

async function ask(question, token, purpose) {
  const headers = { "content-type": "application/json", accept: "application/graphql-response+json, application/json;q=0.9" };
  if (token) headers.authorization = `Bearer ${token}`;
  if (token && purpose) headers["credit-purpose"] = purpose; // it chooses among the token's purposes; the public holds none
  let answer;
  try {
    const reply = await fetch("/graphql", { method: "POST", headers, body: JSON.stringify(current(question)), credentials: "omit" });
    answer = await reply.json().catch(() => ({ errors: [{ message: `HTTP ${reply.status}`, extensions: { code: "NOT_JSON" } }] }));
  } catch {
    answer = { errors: [{ message: NOT_SENT, extensions: { code: "NOT_SENT" } }] };
  }
  return answer;
}

/** What GraphiQL wants to remember (tabs, questions, history) holds subjects: it is kept until the page closes. */
const memory = (() => {
  const kept = new Map();
  return {
    get length() { return kept.size; },
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
    clear: () => kept.clear(),
  };
})();

const shown = { query: "", variables: "", fetcher: null };

function draw() {
  page.render(React.createElement(GraphiQL, {
    fetcher: shown.fetcher,
    query: shown.query,
    variables: shown.variables,
    onEditQuery: (text) => { shown.query = text; draw(); },
    onEditVariables: (text) => { shown.variables = text; draw(); },
    storage: memory,
    forcedTheme: "system",
    isHeadersEditorEnabled: false,
    shouldPersistHeaders: false,
    showPersistHeadersSettings: false,
    defaultEditorToolsVisibility: "variables",
  }));
}

/** A new token or purpose may see another schema: a new fetcher makes GraphiQL read it again. */
function present() {
  const token = byId("token").value.replace(/^\s*bearer\s+/i, "").replace(/\s+/g, "");
  const purpose = byId("purpose").value.trim();
  const fetcher = async (question) => {
    const answer = await ask(question, token, purpose);
    const ofSchema = question.operationName === "IntrospectionQuery" && answer.data;
    if (shown.fetcher === fetcher && !ofSchema) explain(answer); // what a former token was told is not said of this one
    return answer;
  };
  shown.fetcher = fetcher;
  draw();
}

/** GraphiQL leaves the text areas of its editors without a name; a screen reader needs one. */
function nameEditors() {
  const names = [[".graphiql-query-editor", "问题 Question"], [".graphiql-editor-tool", "变量 Variables"], [".result-window", "回答 Answer"]];
  for (const [place, name] of names) {
    for (const area of byId("editor").querySelectorAll(`${place} textarea:not([aria-label])`)) area.setAttribute("aria-label", name);
  }
}

// ---- examples and language

/** An example says who asks it and why; the token is the visitor's to bring, so the page only says which. */
function choose(example) {
  const caller = example.as && example.as !== "public" ? example.as : null;
  const command = `credit-gateway token ${caller}${example.purpose ? ` --purpose ${example.purpose}` : ""}`;
  byId("bearer").replaceChildren(...(caller
    ? [words("以此身份提问，须粘贴令牌：", "To ask as this caller, paste the token of: "), element("code", {}, command)]
    : [words("公众即可提问，无须令牌。", "The public may ask this; no token is needed.")]));
  byId("purpose").value = example.purpose || "";
  shown.query = example.query;
  shown.variables = JSON.stringify(example.variables || {}, null, 2);
  present();
}

async function offerExamples() {
  const reply = await fetch("/explorer/examples.json", { credentials: "omit" }).catch(() => null);
  const examples = reply && reply.ok ? await reply.json().catch(() => []) : [];
  byId("examples").replaceChildren(...examples.map((example) => {
    const button = element("button", { type: "button" }, words(example.title.zh, example.title.en));
    button.addEventListener("click", () => choose(example));
    return element("li", {}, button);
  }));
  if (!examples.length) byId("examples").append(element("li", {}, words("此处没有示例。", "There are none here.")));
}

/** The language is a state of the page, so it stands in the address: `?lang=en`. */
function speak(language) {
  document.documentElement.dataset.words = language;
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  document.title = language === "zh" ? "信用查询台" : "Credit explorer";
  for (const button of document.querySelectorAll("[data-language]")) {
    button.setAttribute("aria-pressed", String(button.dataset.language === language));
  }
}

for (const button of document.querySelectorAll("[data-language]")) {
  button.addEventListener("click", () => {
    history.replaceState(null, "", `?lang=${button.dataset.language}`);
    speak(button.dataset.language);
  });
}
for (const id of ["token", "purpose"]) byId(id).addEventListener("change", present);

const asked = new URLSearchParams(location.search).get("lang");
speak(["zh", "en"].includes(asked) ? asked : navigator.language.startsWith("zh") ? "zh" : "en");
new MutationObserver(nameEditors).observe(byId("editor"), { childList: true, subtree: true });
const page = ReactDOM.createRoot(byId("editor"));
present();
offerExamples();
