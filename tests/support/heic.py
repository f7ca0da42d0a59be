"""A seven as a telephone saves it: HEIC, which nothing installed here can write."""

import base64

SEVEN_HEIC = base64.b85decode(
    "0000SW^{RQXk}?*00000ZE0pPXk}?*ZE0a<00042ZDn*}000000000XXk=`10000000000aA{+70000000000000"
    "0000000B57=IV*mgE07O6l0RRC200001dH?|c0000000B<`001LtX>Mi!000000RR916=`l}WdZ;I000310BCk&F"
    "#rGn01j|zbZr0t000010002iX>f9I0002DX>en20001ZXm(>m0RwOV0058x000009`FGC{rLC*01pFT0096PKmiN"
    "^|NjGU00093kN^M!000939=ZZRVE_RDD?$MQ18@KU0|1Z!00RI30{|YNFoA`Z>PacCZUPz%2mk;B0LTCU0{{p>Vg"
    "LaE2SfqEa<C#m0000JV{dG7ZewhC0096E00w{n000zeb8uw<00000003YB003YB000nhX?SS>000032nYxO000+h"
    "aBX1#00000000310R({p0|Wp70atBgVRQfh0ZS+WuNi<=FXUtJ=E(6A_d)8*{P%2M`dmg0(*)Sltm4zLn+0cSB8("
    "zgI}qZyPZvotF)~V(wq1>xyc7*{Lz4w6^3Psm(5?mRHZDbAPjU$CodQaCVvh^g3O1-qDXSMrU~&Tem|qy)Au9bhk"
    "}hCxVmb!%?1=;y0___>YnS2B4*z_BN;zO)br9oB$nIsqauQ5<$ifNhX)K2aeH#XqjVjuZ{QK4-j^8Ogyv{2iD<e3"
    "7IUdsS!4GvMb-6rHavAxv2rO!7cW(U?=28p%R~6z`zSf^)BYly#d@Z~FyJG9#;ztZJkUrJG3&aba>@%JYe@s?f^)"
    "GeC!PW#z0!8j(*{a5;2m%WQH|=j9YFMvF>Db_P+0^Lvm4g`}2^Lr)rWh9@_qpIQryk`4KK#ijh8-~Z5sfJ9tvaTU"
    "Glv_R@t)_yzy"
)
