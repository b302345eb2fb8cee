// Made by verify/build.py from verify/ownerkey.mjs and what it needs.
/*! noble-ed25519 - MIT License (c) 2019 Paul Miller (paulmillr.com) */
let R=Object.freeze,K=0x7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffedn,X=0x1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3edn,Z=0x52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3n,O=0x216936d3cd6e53fec0a4e231fdd6dc5c692cc7609525a7b2c9562d608f25d51an,P=0x6666666666666666666666666666666666666666666666666666666666666658n,Q=K-1n,ze=R({p:K,n:X,h:8n,a:Q,d:Z,Gx:O,Gy:P}),mp=32,J=(e,p,a,t="bad number: out of range")=>{if(typeof e!=="bigint")
throw new TypeError(t);if(p<=e&&e<a)
return e;throw new RangeError(t)};let B=(e,p=K)=>((e%=p)>=0n?e:p+e),Y=(1n<<255n)-1n,A=e=>{if(e<0n)
throw new RangeError("negative coordinate");let p=(e>>255n)*19n+(e&Y);p=(p>>255n)*19n+(p&Y);return p%K};let ee=e=>{if(e instanceof F)
return e;throw new TypeError("Point expected")};let V=2n**256n;class F{static BASE;static ZERO;X;Y;Z;T;constructor(e,p,a,t){let d=V;this.X=J(e,0n,d);this.Y=J(p,0n,d);this.Z=J(a,1n,d);this.T=J(t,0n,d);R(this)}
static CURVE(){return ze}
get x(){return this.toAffine().x}
get y(){return this.toAffine().y}
equals(e){let{X:p,Y:a,Z:t}=this,{X:d,Y:r,Z:i}=ee(e);return A(p*i)===A(d*t)&&A(a*i)===A(r*t)}
is0(){return this.equals(H)}
negate(){return new F(B(-this.X),this.Y,this.Z,B(-this.T))}
double(){let{X:e,Y:p,Z:a}=this,t=Q,d=A(e*e),r=A(p*p),i=A(2n*a*a),s=A(t*d),n=B(e+p),c=B(A(n*n)-d-r),C=B(s+r),o=B(C-i),l=B(s-r),y=A(c*o),w=A(C*l),u=A(c*l),h=A(o*C);return new F(y,w,h,u)}
add(e){let{X:p,Y:a,Z:t,T:d}=this,{X:r,Y:i,Z:s,T:n}=ee(e),c=Q,o=Z,l=A(p*r),y=A(a*i),w=A(A(d*o)*n),u=A(t*s),h=B(A(B(p+a)*B(r+i))-l-y),g=B(u-w),C=B(u+w),v=B(y-A(c*l)),b=A(h*g),f=A(C*v),z=A(h*v),x=A(g*C);return new F(b,f,x,z)}
multiply(e,p=true){if(!p&&e===0n)
return H;J(e,1n,X);if(!p&&this.is0())
return H;if(e===1n)
return this;if(this.equals(C))
return(e=>{let p=W||(W=(()=>{let e=[],p=C,a;for(let t=0;t<33;t++){a=p;e.push(a);for(let d=1;d<128;d++){a=a.add(p);e.push(a)}
p=a.double()}
return e})()),a=H,t=C;for(let d=0;d<33;d++){let r=Number(e&255n);e>>=8n;if(r>128){r-=256;e+=1n}
let i=d*128,s=i+Math.abs(r)-1,n=d%2!==0,c=r<0;if(r===0){t=t.add(pe(n,p[i]))}
else{a=a.add(pe(c,p[s]))}}
if(e!==0n)
throw new Error("invalid wnaf");return{p:a,f:t}})(e).p;let a=H,t=C,d=this;for(let r=0;p?r<256:e>0n;r++){if(e&1n)
a=a.add(d);else if(p)
t=t.add(d);d=d.double();e>>=1n}
return a}
toAffine(){let{X:e,Y:p,Z:a}=this;if(this.equals(H))
return{x:0n,y:1n};let t=((e,p)=>{if(e===0n)
throw new Error("invert: expected non-zero number");if(p<=1n)
throw new Error("invert: expected modulus > 1, got "+p);let a=B(e,p),t=p,d=0n,r=1n;while(a!==0n){let i=t/a,s=t-a*i,n=d-r*i;t=a,a=s,d=r,r=n}
let c=t;if(c!==1n)
throw new Error("invert: does not exist");return B(d,p)})(a,K);if(A(a*t)!==1n)
throw new Error("invalid inverse");return{x:A(e*t),y:A(p*t)}}
toBytes(){let{x:e,y:p}=this.toAffine(),a=(e=>(e=>{let p="hex invalid";if(typeof e!=="string")
throw new TypeError(p);if(e.length%2||!/^[\da-f]*$/i.test(e))
throw new RangeError(p);let a=new Uint8Array(e.length/2);for(let t=0,d=0;t<a.length;t++,d+=2){let r=e.charCodeAt(d),i=e.charCodeAt(d+1);a[t]=((r&15)+(r>>6)*9)*16+(i&15)+(i>>6)*9}
return a})(((e,p)=>e.toString(16).padStart(p,"0"))(J(e,0n,V),64)).reverse())(p);a[31]|=e&1n?0x80:0;return a}}
let C=new F(O,P,1n,B(O*P)),H=new F(0n,1n,1n,0n);F.BASE=C;F.ZERO=H;let qp=0x2b8324804fc1df0b2b4d00993dfbd7a72f431806ad2fe478c4ee1b274a0ea0b0n,W=undefined,pe=(e,p)=>{let a=p.negate();return e?a:p};
class vp extends Error{constructor(e){super(e);this.code=e}}
let ce=(e,p)=>{if(!e)(e=>{throw new vp(e)})(p)};
let ae=e=>Array.from(e,e=>e.toString(16).padStart(2,"0")).join(""),L=(...e)=>{let p=new Uint8Array(e.reduce((e,p)=>e+p.length,0)),a=0;for(let t of e){p.set(t,a);a+=t.length}
return p};let te=e=>String.fromCharCode(...Array.from({length:75},(e,p)=>p+48)).replace(e,""),pp=te(/[^1-9A-HJ-NP-Za-km-z]/g);
let N=[];for(let e=2;N.length<80;e++)if(N.every(p=>e%p))N.push(e);let le=(e,p)=>{let a=BigInt(e)<<(64n*p);for(let t=1n<<80n;;){let d=((p-1n)*t+a/t**(p-1n))/p;if(d>=t)return BigInt.asUintN(64,t);t=d}};let ye=e=>Int32Array.from(e.flatMap(e=>[Number(e>>32n),Number(e&0xffffffffn)])),U=ye(N.map(e=>le(e,3n))),oe=ye(N.slice(0,8).map(e=>le(e,2n))),we=(e,p)=>Int32Array.from({length:p},(p,a)=>e[2*a]),zp=we(U,64),he=(e,p,a)=>{let t=new Uint8Array(a*Math.ceil((e.length+1+a/8)/a));t.set(e);t[e.length]=128;let d=new DataView(t.buffer);d.setUint32(t.length-8,Math.floor(p/2**29));d.setUint32(t.length-4,(p*8)>>>0);return t};let fe=e=>{let p=new DataView(new ArrayBuffer(4*e.length));e.forEach((e,a)=>p.setInt32(4*a,e));return new Uint8Array(p.buffer)};let be=e=>new DataView(e.buffer,e.byteOffset,e.byteLength),E=(e,p,a)=>a<32?(e>>>a)|(p<<(32-a)):(p>>>(a-32))|(e<<(64-a)),G=(e,p,a,t,d)=>E(e,p,a)^E(e,p,t)^E(e,p,d),I=new Int32Array(64),ve=(e,p)=>{let a=be(p);for(let t=0;t<p.length;t+=64){for(let d=0;d<16;d++)I[d]=a.getInt32(t+4*d);for(let d=16;d<64;d++){let r=I[d-15],i=I[d-2];I[d]=I[d-16]+I[d-7]+(E(r,r,7)^E(r,r,18)^(r>>>3))+(E(i,i,17)^E(i,i,19)^(i>>>10))}
let[s,n,c,o,l,y,w,u]=e;for(let d=0;d<64;d++){let h=u+G(l,l,6,11,25)+((l&y)^(~l&w))+zp[d]+I[d],g=G(s,s,2,13,22)+((s&n)^(s&c)^(n&c));u=w;w=y;y=l;l=(o+h)|0;o=c;c=n;n=s;s=(h+g)|0}
[s,n,c,o,l,y,w,u].forEach((p,a)=>{e[a]+=p})}};class xp{constructor(){this.state=we(oe,8);this.bytes=0;this.rest=new Uint8Array(0)}
update(e){this.bytes+=e.length;let p=L(this.rest,e),a=p.length-(p.length%64);ve(this.state,p.subarray(0,a));this.rest=p.subarray(a);return this}
digest(){ve(this.state,he(this.rest,this.bytes,64));return fe(this.state)}}
let ge=e=>new xp().update(e).digest(),D=new Int32Array(160),M=new Int32Array(2),ue=(e,p)=>{let a=p=>Uint8Array.from({length:64},(a,t)=>e[t]^p);return ge(L(a(0x5c),ge(L(a(0x36),p))))};
let{p:ie,n:cp}=F.CURVE(),re=0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n,ea=[0n,1n,ie-1n,re,ie-re],pa=new Map();
let de=te(/[^0-9A-HJKMNP-TV-Z]/g);
let S=e=>(e&16?(e<<1)^37:e<<1),se=e=>e.reduce((e,p)=>S(e)^p,0),ne=e=>e.reduce((e,p)=>S(S(e))^p,0);
let T=e=>(e=>"did:key:z"+(e=>{let p="";for(let a=BigInt("0x0"+ae(e));a>0n;a/=58n)p=pp[Number(a%58n)]+p;return"1".repeat(e.findIndex(e=>e))+p})(L(Uint8Array.of(0xed,1),e)))((e=>(e=>F.BASE.multiply(e).toBytes())((e=>{let p=(e=>{let p=Int32Array.from(oe),a=be(he(e,e.length,128)),t=(e,p,a,t,d,r=0,i=0,s=0)=>{let n=(t>>>0)+(d>>>0)+(r>>>0)+(i>>>0)+(s>>>0);e[p]=a+Math.floor(n/2**32);e[p+1]=n};for(let d=0;d<a.byteLength;d+=128){for(let r=0;r<32;r++)D[r]=a.getInt32(d+4*r);for(let r=32;r<160;r+=2){let i=D[r-30],s=D[r-29],n=D[r-4],c=D[r-3];t(D,r,D[r-32]+(E(i,s,1)^E(i,s,8)^(i>>>7))+D[r-14]+(E(n,c,19)^E(n,c,61)^(n>>>6)),D[r-31],G(s,i,1,8,7),D[r-13],G(c,n,19,61,6))}
let o=Int32Array.from(p);for(let r=0;r<160;r+=2){let l=o[0],y=o[1],w=o[8],u=o[9];t(M,0,o[14]+G(w,u,14,18,41)+((w&o[10])^(~w&o[12]))+U[r]+D[r],o[15],G(u,w,14,18,41),(u&o[11])^(~u&o[13]),U[r+1],D[r+1]);o.copyWithin(2,0);t(o,8,o[8]+M[0],o[9],M[1]);t(o,0,M[0]+G(l,y,28,34,39)+((l&o[4])^(l&o[6])^(o[4]&o[6])),M[1],G(y,l,28,34,39),(y&o[5])^(y&o[7])^(o[5]&o[7]))}
for(let r=0;r<16;r+=2)t(p,r,p[r]+o[r],p[r+1],o[r+1])}
return fe(p)})(e);p[0]&=248;p[31]=(p[31]&127)|64;return[(e=>BigInt("0x"+ae(Uint8Array.from(e).reverse())))(p.subarray(0,32))%cp,p.subarray(32)]})(e)[0]))((e=>((e,p)=>ue(ue(new Uint8Array(32),e),L(p,Uint8Array.of(1))))(e,(e=>Uint8Array.from(e,e=>e.charCodeAt(0)))("stall-owner-v1")))(e))),ta=e=>({text:(e=>{let p=(e=>{let p=e.reduce((e,p)=>(e<<8n)|BigInt(p),0n);return Array.from({length:26},()=>{let e=Number(p&31n);p>>=5n;return e}).reverse()})(e);for(let a=0;a<1024;a++){let t=[...p,a>>5,a&31];if(se(t)===0&&ne(t)===0)return(e=>e.map(e=>de[e]).join(""))(t)}})(e),did:T(e)}),aa=e=>T((e=>{let p=e.length<=200?(e=>{let p=e.replace(/[\s\-\u2010-\u2015]+/g,"");if(!/^[0-9A-Za-z]*$/.test(p))return undefined;let a=Array.from(p.toUpperCase().replace(/O/g,"0").replace(/[IL]/g,"1"),e=>de.indexOf(e));return a.includes(-1)?undefined:a})(e):undefined;ce(p?.length===28&&se(p)===0&&ne(p)===0,"owner-code-malformed");let a=(e=>{if(e[0]>7)return undefined;let p=e.reduce((e,p)=>(e<<5n)|BigInt(p),0n);return Uint8Array.from({length:16},()=>{let e=Number(p&255n);p>>=8n;return e}).reverse()})(p.slice(0,26));ce(a,"owner-code-malformed");return a})(e));
export{ta as ownerOf,aa as didOfTyped};
