"""Names of persons in Chinese legal text: where they usually stand, told by the words around them.

A name is a family name that is known as one and one or two characters, found beside a word that says who somebody is
(法定代表人, 当事人, 原告), what somebody is called (先生, 某某), what somebody did, or when somebody was born; after a
colon it is whatever short word stands there. A name found once is a name wherever the text repeats it. Doubt takes a
word for a name. A name without such a word beside it is not found: this is no reader of sentences.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

HAN = r"㐀-鿿豈-﫿\U00020000-\U0003ffff"
# family names of two characters that are common enough to be known as such
COMPOUND = frozenset(
    re.findall(
        "..",
        "欧阳太史端木上官司马东方独孤南宫万俟闻人夏侯诸葛尉迟公羊赫连澹台皇甫宗政濮阳公冶太叔申屠"
        "公孙慕容仲孙钟离长孙宇文司徒鲜于司空闾丘令狐西门呼延轩辕",
    )
)
SINGLE = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔"
    "钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤常温康施文牛樊葛"
    "邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷曲盛冉翁蓝骆"
    "路游辛靳管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤阳时穆农卓古吉缪简车项连芦麦褚娄窦戚岑景党宫费卜冷晏席卫米柏宗瞿桂佟"
    "应臧闵苟邬边卞姬师仇栾隋商刁沙荣巫寇桑郎甄丛仲虞敖巩池查苑迟邝封谈匡鞠惠荆乐冀郁胥储栗楚鄢劳谌奚粟冼蔺楼闻厉"
    "区郜阚花权强帅屠朴廉禹井祖漆巴丰支卿狄计索宣晋初容敬扈芮普阙戈鹿薄雍辜裘亓修况宿逯隆茹战慕嵇湛宾戎茅呼揭干尉"
    "檀展智奉植衡富尧"
)
# what begins like a name and is none; kept short, since a name that begins like one of these is overlooked
WORDS = frozenset(
    re.findall(
        r"\S+",
        "万仟 万余 万佰 万元 万州 严惩 严控 严查 严格 严禁 严肃 严重 丰富 于一 于七 于三 于上 于不 于两 于之 于九 "
        "于事 于二 于五 于今 于以 于先 于八 于公 于六 于其 于内 于前 于区 于十 于原 于去 于县 于发 于合 于同 于后 "
        "于四 于外 于家 于市 于年 于店 于开 于当 于我 于收 于是 于期 于未 于本 于村 于案 于次 于此 于每 于法 于现 "
        "于生 于省 于经 于行 于被 于规 于该 井下 井盖 付与 付出 付息 付款 付清 付给 付讫 付费 仲裁 任何 任务 任命 "
        "任意 任期 任职 伍万 伍仟 伍佰 伍拾 何人 何以 何况 何地 何处 何时 何种 何等 余万 余下 余款 余额 修复 修建 "
        "修改 修正 修理 修缮 修订 储备 储存 储藏 储运 党员 党委 党政 党组 关于 关农 关口 关押 关掉 关注 关税 关系 "
        "关联 关键 关门 关闭 农业 农产 农场 农户 农机 农村 农民 农贸 农资 况且 冷冻 冷却 冷库 冷水 冷藏 冷链 冷饮 "
        "凌晨 初中 初始 初审 初期 初查 初次 初步 初犯 劳保 劳力 劳务 劳动 劳资 包含 包工 包干 包庇 包房 包括 包装 "
        "包裹 包车 区分 区域 单价 单位 单据 单方 单独 卫浴 卫生 史上 史料 史无 向一 向三 向两 向乙 向二 向人 向仲 "
        "向供 向全 向公 向其 向农 向劳 向区 向原 向县 向各 向客 向对 向工 向市 向平 向当 向我 向有 向本 向检 向法 "
        "向派 向消 向甲 向省 向社 向税 向行 向该 向购 向银 呼叫 呼吸 商业 商会 商务 商品 商场 商家 商户 商标 商河 "
        "商誉 商贩 商超 商铺 奉命 季度 季末 季节 宁可 安保 安全 安排 安检 安监 安置 安装 宣传 宣告 宫外 宫殿 容器 "
        "容积 容许 容量 宾馆 宿舍 富余 封存 封条 封闭 尚不 尚可 尚待 尚无 尚有 尚未 尚欠 屈指 屈服 展位 展厅 展开 "
        "展期 展柜 展示 展览 展销 左右 巩固 师生 师资 席位 席间 常任 常住 常务 常年 常温 常用 常驻 干净 干扰 干果 "
        "干燥 干粉 干线 干部 干预 应为 应予 应于 应付 应依 应及 应在 应对 应当 应征 应急 应承 应按 应收 应有 应用 "
        "应知 应税 应立 应纳 应缴 应聘 应自 应诉 应该 张贴 强买 强令 强制 强化 强卖 强拆 强行 强调 强迫 成为 成交 "
        "成件 成份 成分 成功 成员 成品 成型 成套 成效 成本 成果 成立 成绩 成都 战备 战略 房东 房主 房产 房地 房屋 "
        "房租 房间 揭示 支付 支出 支取 支持 支援 支撑 支票 支线 支行 支部 支队 敬请 文书 文件 文化 方位 方便 方可 "
        "方向 方式 方案 方法 方能 方面 施工 施救 施用 施肥 施行 时不 时为 时从 时任 时使 时候 时其 时发 时向 时因 "
        "时在 时对 时将 时已 时应 时当 时所 时提 时效 时无 时有 时未 时称 时经 时被 时该 时间 时限 易制 易燃 易爆 "
        "易腐 易货 普惠 普查 普法 普通 普遍 智能 曾于 曾因 曾在 曾用 曾经 曾被 权利 权属 权益 权重 权限 林业 林地 "
        "林场 查出 查办 查处 查实 查封 查扣 查找 查明 查没 查清 查看 查获 查补 查证 查询 查账 查阅 查验 植入 植物 "
        "楼上 楼下 楼层 楼市 楼房 楼梯 楼盘 楼道 欧元 段时 段落 殷实 毕业 毛利 毛重 江苏 江西 涂改 涂料 涂装 温度 "
        "游泳 漆面 牛肉 田地 申办 申告 申报 申明 申诉 申请 申购 申辩 申述 申退 申领 白条 白纸 白色 盛放 盛装 石料 "
        "石材 石板 石油 程序 章程 童装 童车 符合 简介 简化 简单 简易 简称 管制 管控 管理 管网 管辖 管道 索取 索要 "
        "索赔 索道 胡乱 花费 范围 衡量 解决 解冻 解散 解约 解聘 解释 解除 计件 计价 计入 计划 计提 计时 计生 计税 "
        "计算 计费 计量 许可 许诺 谈判 谈及 谈话 费县 费时 费率 费用 路口 路桥 路段 路面 车主 车厢 车号 车库 车架 "
        "车次 车牌 车站 车船 车身 车载 车辆 车间 车险 边界 边角 边远 连同 连带 连接 连续 连锁 迟交 迟到 迟延 迟缓 "
        "金融 金额 钱包 钱款 钱物 闻到 闻讯 陆万 陆仟 陆佰 陆地 陆拾 陆续 陈列 陈年 陈旧 陈述 陶瓷 项目 顾客 马上 "
        "马路 高于 高价 高危 高压 高度 高新 高温 高空 高速 高额 齐全 齐备 ",
    )
)
ROLES = (
    "法定代表人|法人代表|主要负责人|负责人|经营者|投资人|实际控制人|控制人|股东|当事人|上诉人|被上诉人|原告人?|被"
    "告人?|再审申请人|被申请人|申请人|申请执行人|被执行人|第三人|代理人|辩护人|证人|受害人|被害人|受害者|投诉人|"
    "举报人|消费者|员工|职工|工人|雇员|司机|驾驶员|驾驶人|业主|患者|死者|伤者|学生|教师|医师|护士|联系人|经办人|"
    "执法人员|检查人员|审判员|审判长|书记员|会计|出纳|店长|厨师长?|总经理|经理|董事长|董事|监事|父亲|母亲|丈夫|妻"
    "子|儿子|女儿|之子|之女|配偶|居民|村民|男子|女子|户主|收货人|收款人|付款人|房东|租客|承租人|出租人|承包人|委"
    "托人|受托人|担保人|债务人|债权人|合伙人|责任人|责任人员|违法行为人|行为人|嫌疑人|姓名|户名|名叫|雇佣|雇用|聘"
    "用|指使|客户|顾客|买家|卖家|农户|同伙|同案|另案处理的|店主|老板"
)
LINKS = r"(?:变更为|更换为|分别为|分别是|名为|名叫|为|系|是|叫|：|:|\s|（|\(|“|\"){0,4}"
# characters that follow a name more often than they end one
AFTER = (
    "在于是为系将与和的未经因对向以持承认提供到不违反实施作住等无及已称并擅自请签从销"
    "使用处出生收男女身联电驾说表示同共即被由给也曾仍均又可应须"
)
SURNAME = rf"(?:{'|'.join(sorted(COMPOUND))}|[{SINGLE}])"
SHORTENED = r"某[某甲乙丙丁戊己庚辛]?|[×xXＸ*＊○]{1,2}"
GIVEN = rf"[{HAN}](?:[{HAN}](?=[^{HAN}]|\Z|[{AFTER}])|(?![{AFTER}])[{HAN}])?"
LONG = rf"[{HAN}]{{1,12}}(?:[·•・][{HAN}]{{1,12}}){{1,4}}"
BLANKS = r"[ \t]{1,3}"  # 张 三, as forms have it, so that names of two and of three characters are of one width
SPACED = rf"{SURNAME}{BLANKS}(?:{SHORTENED}|[{HAN}](?:(?:{BLANKS})?(?![{AFTER}])[{HAN}])?(?=[^{HAN}]|\Z|[{AFTER}]))"
NAME = rf"(?:{LONG}|{SPACED}|{SURNAME}(?:{SHORTENED}|{GIVEN}))"
LATIN = r"[A-Z](?:[A-Za-z.'’ -]{2,60}[A-Za-z]|[a-z]{1,2})"
NUMBER = r"\[(?:身份证号|电话|银行账号|邮箱|账号|号码)\]"

CALLED = (  # each holds a name in its first group
    rf"(?:{ROLES}){LINKS}({NAME})",
    rf"({SURNAME}(?:{SHORTENED}))",
    rf"({SURNAME}{GIVEN}|{SURNAME})(?=先生|女士|小姐|同志|师傅|老师|医生|大夫|法官|律师|警官)",
    rf"({NAME})(?=\s*[，,、（(]?\s*(?:男|女|[{HAN}]{{1,3}}族|[0-9]{{4}}年[0-9]{{1,2}}月[0-9]{{1,2}}日(?:出生|生)|生于|出生于"
    r"|现年|[0-9]{1,3}岁|身份证|公民身份|居民身份|证件号|曾用名|户籍|住址|家住|手机|联系电话|联系方式|电话))",
    rf"({NAME})(?=(?:的|之|手机|电话|联系方式|联系|身份证|号码|号|微信|卡号|账号|账户|银行卡|[（(，,：:+\s])*{NUMBER})",
    rf"{NUMBER}(?:的|[（(：:\s])({NAME})",
    rf"(?:变更为|更换为|改为|其[妻夫父母子女姐妹兄弟哥])({NAME})",
    rf"({NAME})(?=[（(]?系(?:该|其|本|我|当事|公司))",
    rf"(?:与|和|同|跟)({NAME})(?=签|发生|共同|达成|协商|登记|合伙|一起|串通|之间)",
    rf"(?:向|给|对|为|替)({NAME})(?=销售|出售|支付|借|提供|发放|收取|送达|转账|转款|购买|赔偿|返还|退还|作出|处以|罚款|进行|询问)",
    rf"(?:由|经|被|受|雇|询问|调查|起诉|殴打|撞伤|拖欠|欠|致使|致|导致)({NAME})"
    r"(?=驾驶|经营|负责|签|担任|出资|保管|承担|操作|提供|变更|举报|投诉|委托|指使|死亡|受伤|工资|证实|出具|承包|等|货款|借款|[0-9])",
    rf"({NAME})(?=签收|签字|驾驶|驾车|死亡|受伤|持有|出具|陈述|证言|承认|供述|承包|的(?:陈述|证言|身份证|笔录|询问笔录|签字|账户|银行))",
    rf"(?:{ROLES})\s*[：:]\s*([{HAN}]{{2,4}})(?![{HAN}])",
    rf"(?:{ROLES})\s*(?:[：:]|为|系|是)\s*([A-Za-z][A-Za-z.'’ -]{{1,60}}[A-Za-z])",
    rf"(?:{ROLES}){LINKS}({LATIN})",
)
PATTERNS = tuple(re.compile(pattern) for pattern in CALLED)
FURTHER = re.compile(
    rf"(?:、|和|与|及|以及)\s*({NAME}|{LATIN})|(?:\s*[，,；;/]\s*|\s+)({NAME}|{LATIN})(?=\s*(?:[，,；;/、。）)]|等|和|与|及|\Z)|\s)"
)
NONE_OF = re.compile(r"无|不详|未知|本人|同上|另案|见附件|略|空白|暂无|没有")


def spans(text: str) -> Iterator[tuple[int, int]]:
    """Where names stand in a text, as begin and end; some may overlap."""
    found: set[str] = set()
    for pattern in PATTERNS:
        for match in pattern.finditer(text):
            begin, end = match.span(1)
            if not _is_name(match[1]):
                continue
            found.add(match[1])
            yield begin, end
            while (more := FURTHER.match(text, end)) and _is_name(more[more.lastindex or 0]):
                found.add(more[more.lastindex or 0])
                yield more.span(more.lastindex or 0)
                end = more.end()
    for name in {_unspaced(name) for name in found}:
        if len(name) > 1:
            again = rf"(?:{BLANKS})?".join(map(re.escape, name))
            yield from (match.span() for match in re.finditer(again, text))


def _is_name(word: str) -> bool:
    return _unspaced(word)[:2] not in WORDS and not NONE_OF.match(word)


def _unspaced(name: str) -> str:
    return "".join(name.split())
